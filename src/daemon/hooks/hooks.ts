import { TeredoError } from '../../errors.ts';
import { runProgram } from '../../io/linux/program.ts';
import type { RoleConfiguration } from '../configuration/configuration.ts';
import { HOOK_TIME_LIMIT_S } from '../configuration/names.ts';
import { type Report, type Reporter, warning } from '../reports.ts';
import { clientHookEnvironment, interfaceIndex } from './client-hook.ts';
import { environmentOf, stateIn, type TunnelState } from './tunnel-state.ts';

/** A program and its arguments; no shell reads them. */
export type Argv = readonly string[];

/** Programs that are run when a tunnel changes; what is not given is not run. */
export interface HookOptions {
  readonly up?: Argv;
  readonly down?: Argv;
  readonly addressChanged?: Argv;
  /** A program with the interface of Miredo's client hook: for clients only. */
  readonly clientHook?: string;
  /** That one of them may take. */
  readonly timeLimitMs?: number;
}

/** At the end of the process nobody waits for long. */
const LAST_TIME_LIMIT_MS = 10_000;

/** What hooks may print into the log: lines of one run, and of all runs in a minute. */
const LINES_OF_RUN_MAX = 20;
const LINES_OF_MINUTE_MAX = 60;
const MINUTE_MS = 60_000;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Of our own environment; more would hand over secrets. */
const INHERITED = ['HOME', 'LANG', 'LC_ALL', 'TZ'];

interface Tunnel {
  role: RoleConfiguration;
  /** What hooks were told last. */
  told: TunnelState;
  is: TunnelState;
}

/**
 * Runs hooks, one at a time and in order.
 *
 * What changes while one runs is told when it has ended, as one step from the state that was told last to the newest:
 * so nothing piles up behind a hook that hangs, and each hears of every state in which things came to rest.
 */
export class Hooks {
  #options: HookOptions;
  readonly #report: Reporter;
  readonly #tunnels: Tunnel[] = []; // Bounded by the roles of the process.
  #work = Promise.resolve();
  #isWorking = false;
  readonly #ended = new AbortController();
  #minuteSince = Number.NEGATIVE_INFINITY;
  #linesOfMinute = 0;

  constructor(options: HookOptions, report: Reporter) {
    this.#options = options;
    this.#report = report;
  }

  /** Other programs, from the next change on. */
  change(options: HookOptions): void {
    this.#options = options;
  }

  /** Hears what the daemon reports; returns at once. */
  hear(report: Report): void {
    const is = stateIn(report);
    if (is === undefined || this.#ended.signal.aborted) return;
    const { role } = report as Extract<Report, { role: RoleConfiguration }>;
    const known = this.#tunnels.find(({ role: { interfaceName } }) => interfaceName === role.interfaceName);
    if (known !== undefined) Object.assign(known, { role, is });
    else this.#tunnels.push({ role, told: { state: 'down', reason: 'not started' }, is });
    this.#start();
  }

  /** Resolves when every hook has run for what was heard until now. */
  async idle(): Promise<void> {
    while (this.#isWorking) await this.#work;
  }

  /** Resolves when no hook is running that configures an interface, as Miredo's does. */
  async settled(): Promise<void> {
    if (this.#options.clientHook !== undefined) await this.#work;
  }

  /** Tells hooks that all tunnels end; resolves when the last of them has ended. */
  async end(): Promise<void> {
    if (!this.#ended.signal.aborted) {
      this.#ended.abort();
      for (const tunnel of this.#tunnels) tunnel.is = { state: 'gone' };
      this.#start();
    }
    await this.#work;
  }

  #start(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#work = this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    for (let tunnel = this.#next(); tunnel !== undefined; tunnel = this.#next()) {
      const { role, told, is } = tunnel;
      tunnel.told = is;
      // Who was told that it is up is told that it is down before it is gone.
      if (is.state === 'gone' && told.state === 'up') {
        await this.#tell(role, told, { state: 'down', reason: 'stopped' });
        await this.#tellClientHook(role, told, is);
      } else {
        await this.#tell(role, told, is);
      }
    }
    this.#isWorking = false;
  }

  #next(): Tunnel | undefined {
    return this.#tunnels.find(({ told, is }) => told !== is);
  }

  async #tell(role: RoleConfiguration, was: TunnelState, is: TunnelState): Promise<void> {
    await this.#tellClientHook(role, was, is);
    const { up, down, addressChanged } = this.#options;
    if (is.state === 'up' && was.state !== 'up') await this.#run('up', up, environmentOf('up', role, was, is));
    if (is.state !== 'up' && was.state === 'up') await this.#run('down', down, environmentOf('down', role, was, is));
    if (is.state === 'up' && was.state === 'up' && is.address !== was.address) {
      const event = 'address_changed';
      await this.#run(event, addressChanged, environmentOf(event, role, was, is));
    }
  }

  async #tellClientHook(role: RoleConfiguration, was: TunnelState, is: TunnelState): Promise<void> {
    const { clientHook } = this.#options;
    if (clientHook === undefined || role.role !== 'client') return;
    const { interfaceName } = role;
    const environment = clientHookEnvironment(interfaceName, interfaceIndex(interfaceName), was, is);
    if (environment !== undefined) await this.#run('client_hook', [clientHook], environment);
  }

  async #run(hook: string, argv: Argv | undefined, variables: Record<string, string>): Promise<void> {
    if (argv === undefined) return;
    const { timeLimitMs = HOOK_TIME_LIMIT_S * 1_000 } = this.#options;
    const program = argv[0] ?? '';
    let lines = 0;
    const trouble = await runProgram({
      argv,
      environment: { ...surroundings(), ...variables },
      timeLimitMs,
      hurry: this.#ended.signal,
      hurriedMs: LAST_TIME_LIMIT_MS,
      onLine: (text) => {
        lines++;
        if (lines <= LINES_OF_RUN_MAX && this.#hasRoom()) this.#report({ type: 'hook', hook, program, text });
      },
    });
    if (lines > LINES_OF_RUN_MAX) {
      this.#report({ type: 'hook', hook, program, text: `(${lines - LINES_OF_RUN_MAX} more lines)` });
    }
    if (trouble === undefined) return;
    const next = 'the tunnel goes on; run it by hand, with the environment that docs/hooks.md describes';
    this.#report(warning(new TeredoError('TD-HOOK', `hook ${hook} (${program}): ${trouble}`, next)));
  }

  /** A tunnel that comes and goes runs hooks again and again; the log is not theirs. */
  #hasRoom(): boolean {
    const now = performance.now();
    if (now - this.#minuteSince >= MINUTE_MS) {
      this.#minuteSince = now;
      this.#linesOfMinute = 0;
    }
    return ++this.#linesOfMinute <= LINES_OF_MINUTE_MAX;
  }
}

function surroundings(): Record<string, string> {
  const kept = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH, ...Object.fromEntries(kept) };
}
