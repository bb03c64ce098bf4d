import { type ChildProcess, spawn } from 'node:child_process';
import { describeEnding } from './commands.ts';
import { until } from './until.ts';

/** How long a process may take to obey SIGTERM before it gets SIGKILL. */
const PATIENCE_MS = 5_000;
/** How long the last output of an ended process is waited for. */
const DRAIN_MS = 1_000;

/** A program that keeps running: its output is kept for failure messages, and it is stopped by its own pid only. */
export class Process {
  /** For messages: "relay in internet". */
  readonly title: string;
  readonly pid: number;
  /** Everything printed so far, standard output and standard error as they came. */
  output = '';
  /** Standard output alone, for programs that speak a machine's language there. */
  stdout = '';
  /** In words once the process has ended, "exit status 0"; until then undefined. */
  ending: string | undefined;

  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;

  constructor(title: string, argv: readonly string[]) {
    this.title = title;
    this.#child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.ending = error.message;
        resolve();
      });
      this.#child.on('exit', (status, signal) => {
        const end = () => {
          this.ending ??= describeEnding(status, signal);
          resolve();
        };
        // What it printed last may still be in the pipes; but a grandchild that outlives it may hold them for ever.
        this.#child.once('close', end);
        setTimeout(end, DRAIN_MS).unref();
      });
    });
  }

  get running(): boolean {
    return this.ending === undefined;
  }

  /** Waits until the output matches; an Error with all output when the process ends first or time runs out. */
  async printed(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    try {
      return await until(
        `${pattern} from ${this.title}`,
        () => {
          const match = pattern.exec(this.output);
          if (match !== null) return match;
          if (!this.running) throw new Error(`${this.title} ended early: ${this.ending}`);
          return undefined;
        },
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.report()}`, { cause: error });
    }
  }

  /** Sends the signal, then SIGKILL to what does not obey within 5 s. Gives the ending in words. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
    if (this.running) {
      this.#child.kill(signal);
      const hammer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
      await this.#closed;
      clearTimeout(hammer);
    }
    return this.ending!;
  }

  /** For the exit of the test runner itself, when nothing can be waited for any more. */
  killNow(): void {
    if (this.running) this.#child.kill('SIGKILL');
  }

  /** Title, state and the end of the output. */
  report(): string {
    const state = this.running ? `running, pid ${this.pid}` : this.ending;
    return `--- ${this.title} (${state})\n${this.output.slice(-6_000)}`;
  }
}

/** Ours but for TEREDO_...: what somebody configured for this host is not meant for the hosts of a laboratory. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEREDO_')));
}
