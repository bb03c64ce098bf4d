import { type ChildProcess, spawn } from 'node:child_process';
import { CLOSE_RANGE_CLOEXEC, DESCRIPTOR_MAX, SYS_CLOSE_RANGE } from './abi.ts';
import { errorName } from './errno.ts';
import { systemCall } from './libc.ts';

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;
/** How long the last words of an ended program are waited for: what it left running may hold its pipes for ever. */
const DRAIN_MS = 100;
const LINE_OCTETS_MAX = 500;

/** A program of the administrator's and what it is given. */
export interface ProgramStart {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[];
  /** All of its environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeLimitMs: number;
  /** From when this aborts, it has no more than `hurriedMs`. */
  readonly hurry?: AbortSignal;
  readonly hurriedMs?: number;
  /** Hears each line that it prints, standard output and standard error alike, cut at 500 octets. */
  readonly onLine: (line: string) => void;
}

/**
 * Runs a program in a process group of its own, with no descriptor of ours but /dev/null and two pipes.
 *
 * Units:  milliseconds; at the limit its group gets SIGTERM, 2 s later SIGKILL.
 * Shape:  undefined: exit status 0; otherwise in words what went wrong.
 * Errors: none.
 */
export function runProgram(start: ProgramStart): Promise<string | undefined> {
  const { argv, environment, timeLimitMs, hurry, hurriedMs = timeLimitMs, onLine } = start;
  return new Promise((resolve) => {
    const [program = '', ...rest] = argv;
    let child: ChildProcess;
    // Ours close by themselves. Those that our own parent left open would go on to the program.
    systemCall(SYS_CLOSE_RANGE, 3, DESCRIPTOR_MAX, CLOSE_RANGE_CLOEXEC);
    try {
      child = spawn(program, rest, { cwd: '/', env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      resolve(`cannot be started (${(error as Error).message})`);
      return;
    }
    let lateAfterMs = 0;
    let hammer: NodeJS.Timeout | undefined;
    const begunAt = performance.now();
    const expire = () => {
      if (lateAfterMs > 0) return;
      lateAfterMs = performance.now() - begunAt;
      killGroup(child, 'SIGTERM');
      hammer = setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS);
    };
    const limits = [setTimeout(expire, timeLimitMs)];
    const shorten = () => limits.push(setTimeout(expire, hurriedMs));
    if (hurry?.aborted) shorten();
    hurry?.addEventListener('abort', shorten);
    const clear = () => {
      hurry?.removeEventListener('abort', shorten);
      for (const limit of limits) clearTimeout(limit);
    };
    for (const stream of [child.stdout!, child.stderr!]) splitLines(stream, onLine);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clear();
      resolve(`cannot be started (${error.errno === undefined ? error.message : errorName(-error.errno)})`);
    });
    child.once('exit', (status, signal) => {
      clear();
      clearTimeout(hammer);
      // What obeyed has ended; what it started may not have.
      if (lateAfterMs > 0) killGroup(child, 'SIGKILL');
      const end = () => {
        clearTimeout(drain);
        child.stdout!.destroy();
        child.stderr!.destroy();
        const seconds = Math.round(lateAfterMs / 100) / 10;
        resolve(seconds > 0 ? `no end within ${seconds} s, so it was killed` : ending(status, signal));
      };
      const drain = setTimeout(end, DRAIN_MS);
      child.once('close', end);
    });
  });
}

function ending(status: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (status === 0) return undefined;
  return signal === null ? `exit status ${status}` : `ended by ${signal}`;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of it is left.
  }
}

/** However much is printed without a line's end, no more than one line of it is kept. */
function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = text.split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!.slice(0, LINE_OCTETS_MAX);
    for (const line of lines) onLine(line.slice(0, LINE_OCTETS_MAX));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
  stream.on('error', () => {});
}
