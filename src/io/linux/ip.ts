import { execFile, spawnSync } from 'node:child_process';
import { TeredoError } from '../../errors.ts';

/** iproute2 answers at once, but waits for its turn where many interfaces come and go. */
const TIMEOUT_MS = 20_000;

/** Asks `ip -json` with arguments that no shell reads. Errors: TeredoError with what `ip` said. */
export function ask<T>(...argv: readonly string[]): Promise<T[]> {
  return new Promise((resolve, reject) => {
    execFile('ip', ['-json', ...argv], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error !== null) reject(ipError(argv.join(' '), error, stderr));
      else resolve(stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[]));
    });
  });
}

/** As `ask`, for the end of a process; nothing when `ip` fails. */
export function askNow<T>(...argv: readonly string[]): T[] {
  const { status, stdout } = spawnSync('ip', ['-json', ...argv], { timeout: TIMEOUT_MS, encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? (JSON.parse(stdout) as T[]) : [];
}

/** Runs lines of `ip -6 -batch` in one process. Errors: TeredoError with what `ip` said about the first bad line. */
export function command(lines: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('ip', ['-6', '-batch', '-'], { timeout: TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error !== null) reject(ipError(badLine(lines, stderr), error, stderr));
      else resolve();
    });
    child.stdin?.on('error', () => {}); // A program that ends early is judged by its status.
    child.stdin?.end(`${lines.join('\n')}\n`);
  });
}

/** Runs every line, whatever becomes of the ones before; for the end of a process, when nothing can be waited for. */
export function commandNow(lines: readonly string[]): void {
  spawnSync('ip', ['-6', '-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, timeout: TIMEOUT_MS });
}

/** "Command failed -:2" means the second line. */
function badLine(lines: readonly string[], stderr: string): string {
  const number = Number(/Command failed -:(\d+)/.exec(stderr)?.[1]);
  return lines[number - 1] ?? lines.join('; ');
}

function ipError(what: string, error: Error & { code?: unknown; killed?: boolean }, stderr: string): TeredoError {
  if (error.killed === true) {
    const late = `ip ${what}: no answer within ${TIMEOUT_MS / 1_000} s`;
    return new TeredoError('TD-IP-SILENT', late, 'this host is very busy, or something holds its network: try again', {
      cause: error,
    });
  }
  if (error.code === 'ENOENT') {
    return new TeredoError('TD-IP-MISSING', 'the program "ip" is not there', 'install the package iproute2', {
      cause: error,
    });
  }
  const said = stderr.trim().split('\n')[0] || error.message;
  const next = /permitted|denied/i.test(said) ? 'run as root or with CAP_NET_ADMIN' : '';
  return new TeredoError('TD-INTERFACE', `ip ${what}: ${said}`, next, { cause: error });
}
