import { spawn, spawnSync } from 'node:child_process';

/**
 * Runs a program to its end and gives its standard output.
 *
 * Units:  `timeoutMs` milliseconds; the program gets SIGKILL then.
 * Shape:  `argv` goes to the program as it is, no shell reads it; `input` becomes its standard input.
 * Errors: an Error with the command line and everything it printed, unless it ends with status 0.
 */
export async function run(argv: readonly string[], input = '', timeoutMs = 60_000): Promise<string> {
  const result = await runToEnd(argv, input, timeoutMs);
  if (result.status !== 0) {
    throw new Error(`${argv.join(' ')}: ${result.ending}\n${input}${result.stderr}${result.stdout}`);
  }
  return result.stdout;
}

export interface Ended {
  /** Exit status; null when a signal ended the program. */
  readonly status: number | null;
  /** In words: "exit status 1". */
  readonly ending: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Like `run`, for programs whose failure is an answer too. */
export function runToEnd(argv: readonly string[], input = '', timeoutMs = 60_000): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ status, ending: describeEnding(status, signal), stdout, stderr });
    });
    child.stdin.on('error', () => {}); // A program that ends without reading its input is judged by its status.
    child.stdin.end(input);
  });
}

/** Whether the program runs and ends with status 0. */
export function succeeds(argv: readonly string[]): boolean {
  return spawnSync(argv[0]!, argv.slice(1), { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

export function describeEnding(status: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit status ${status}` : `ended by ${signal}`;
}
