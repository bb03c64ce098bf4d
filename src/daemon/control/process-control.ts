import { TeredoError } from '../../errors.ts';
import type { LimitUse } from '../../roles/limits.ts';
import type { DaemonConfiguration, RoleConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationJson } from '../configuration/configuration-json.ts';
import type { PeerPage } from '../peer-page.ts';
import type { Report } from '../reports.ts';
import type { RunningRoles } from '../start.ts';
import type { CounterStatus, Status } from '../status/status.ts';
import { type Intention, StatusBoard } from '../status/status-board.ts';
import type { Echo } from '../tap/injection.ts';
import { localIpv4Of } from '../tap/local-ipv4.ts';
import { TapDesk } from '../tap/tap-desk.ts';
import type { TapOptions } from '../tap/tap-options.ts';
import { type BugReport, bugReport } from './bug-report.ts';
import { type Changes, changed, type Wanted } from './changes.ts';
import type { Controlled } from './controlled.ts';
import { EventFeed, type Teller } from './event-feed.ts';

/** What of a daemon is asked and told here. */
export type ControlledDaemon = Pick<RunningRoles, 'questions' | 'counters' | 'drain'>;

/**
 * Brings what was set into force, or says that the role must begin anew for it; then it is asked for by `changes`.
 *
 * Errors: TeredoError when it does not fit what else is configured; nothing has changed then.
 */
export type Apply = (changes: Changes, wanted: Wanted) => 'live' | 'restart';

export interface ProcessControlOptions {
  readonly version: string;
  /** What the process was started as. */
  readonly intention: Intention;
  readonly teller: Teller;
  readonly apply: Apply;
  readonly configuration: () => ConfigurationJson;
  /** What the host keeps a role from doing, at this moment. */
  readonly troubleOf: (role: RoleConfiguration) => TeredoError | undefined;
  /** Ends the process in order. */
  readonly end: () => void;
  /** Where reports of our own go; they come back by `hear`. */
  readonly report: (report: Report) => void;
}

/** What was set, and no role has been ready with yet. */
interface Trial {
  /** What was set before. */
  readonly before: Changes;
  readonly waiting: { resolve(): void; reject(error: TeredoError): void }[];
  /** The life of the roles that shall prove it has begun. */
  hasBegun: boolean;
}

/** The process behind the control socket: its roles may be made anew, the socket stays. */
export class ProcessControl implements Controlled {
  readonly board: StatusBoard;
  readonly events: EventFeed;
  readonly #options: ProcessControlOptions;
  readonly #taps = new TapDesk(() => this.#daemon?.questions);
  #daemon: ControlledDaemon | undefined;
  #changes: Changes = {};
  #round = new AbortController();
  #drain: NodeJS.Timeout | undefined;
  #trial: Trial | undefined;

  constructor(options: ProcessControlOptions) {
    this.#options = options;
    this.board = new StatusBoard({ version: options.version, troubleOf: options.troubleOf }, options.intention);
    this.events = new EventFeed(options.teller);
  }

  /** What was set since the process began. */
  get changes(): Changes {
    return this.#changes;
  }

  /** One life of the roles begins. The signal aborts when it shall end, for a new one or because of `stopped`. */
  beginRound(stopped: AbortSignal): AbortSignal {
    this.#round = new AbortController();
    const { type, server } = this.#changes;
    if (this.#trial !== undefined) this.#trial.hasBegun = true;
    // Nothing runs that could be ready.
    if (type === 'disabled') this.#prove();
    this.board.intend({
      ...this.#options.intention,
      ...(type === undefined ? {} : { type }),
      ...(server === undefined ? {} : { serverName: server }),
    });
    return AbortSignal.any([stopped, this.#round.signal]);
  }

  /** Roles run from now on. */
  attach(configuration: DaemonConfiguration, daemon: ControlledDaemon): void {
    this.board.begin(configuration, daemon.counters);
    this.#daemon = daemon;
  }

  detach(daemon: ControlledDaemon): void {
    if (this.#daemon === daemon) this.#daemon = undefined;
  }

  hear(report: Report): void {
    this.board.hear(report);
    this.events.add(report);
    if (report.type !== 'ready') return;
    this.#taps.ready();
    if (this.#trial?.hasBegun === true) this.#prove();
  }

  /**
   * A life of the roles failed. When that is what the last setting did, what was before is back, whoever set it hears
   * why, and the roles are to begin once more; false: it did not.
   */
  takeBack(error: TeredoError): boolean {
    const trial = this.#trial;
    if (trial?.hasBegun !== true) return false;
    this.#trial = undefined;
    this.#changes = trial.before;
    for (const { reject } of trial.waiting) reject(error);
    return true;
  }

  async status(): Promise<Status> {
    return this.board.status(await this.#limits());
  }

  counters(): readonly CounterStatus[] {
    return this.board.counters();
  }

  configuration(): ConfigurationJson {
    return this.#options.configuration();
  }

  address(): string | undefined {
    return this.board.address;
  }

  async peers(role: number, from: number, max: number): Promise<PeerPage | undefined> {
    return this.#daemon?.questions.ask({ type: 'peers', role, from, max });
  }

  async ping(): Promise<boolean> {
    if (this.#daemon === undefined) return true; // There is none to answer: a name is looked for, or it is disabled.
    return this.#daemon.questions.ask({ type: 'ping' }).catch(() => false);
  }

  async set(wanted: Wanted): Promise<{ readonly changes: Changes; readonly applied: 'live' | 'restart' }> {
    const { intention, apply } = this.#options;
    const changes = changed(this.#changes, wanted, intention.role);
    const applied = apply(changes, wanted);
    const before = this.#changes;
    this.#changes = changes;
    if (applied === 'restart') await this.#tryOut(before);
    return { changes, applied };
  }

  async reset(): Promise<void> {
    await this.#daemon?.questions.ask({ type: 'reset' });
  }

  async drain(seconds: number): Promise<void> {
    if (this.#options.intention.role === 'client') {
      throw new TeredoError('TD-DRAIN-CLIENT', 'a client serves nobody who could be drained', 'just stop it');
    }
    await this.#daemon?.drain();
    this.board.drain();
    this.#options.report({ type: 'draining', seconds });
    clearTimeout(this.#drain);
    this.#drain = setTimeout(this.#options.end, 1000 * seconds);
    this.#drain.unref();
  }

  async bugReport(): Promise<BugReport> {
    return bugReport(await this.status(), this.events.since(0));
  }

  capture(options: TapOptions, showsSecrets: boolean, gone: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const localIpv4 = (role: number, via: number, remote: number) => localIpv4Of(this.board.roles[role], via, remote);
    return this.#taps.read(options, localIpv4, showsSecrets, gone);
  }

  async echo(echo: Echo): Promise<Uint8Array> {
    const role = this.board.roles.findIndex((one) => one.role !== 'server');
    if (role < 0 && this.board.roles.length > 0) {
      throw new TeredoError('TD-PING-SERVER', 'a server sends no packets of its own', 'ask a client or a relay');
    }
    const source = await this.#daemon?.questions.ask({ type: 'echo', role, echo });
    if (source !== undefined) return source;
    const next = '"teredo status" tells why; a relay needs a global IPv6 address of its host';
    throw new TeredoError('TD-PING-NO-ADDRESS', 'there is no address yet to send from', next);
  }

  /** Ends this life of the roles. Resolves when the next one is ready; rejects with what kept it from that. */
  #tryOut(before: Changes): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#trial ??= { before, waiting: [], hasBegun: false };
      this.#trial.hasBegun = false;
      this.#trial.waiting.push({ resolve, reject });
      this.#round.abort();
    });
  }

  #prove(): void {
    for (const { resolve } of this.#trial?.waiting ?? []) resolve();
    this.#trial = undefined;
  }

  async #limits(): Promise<readonly (readonly LimitUse[])[] | undefined> {
    return this.#daemon?.questions.ask({ type: 'limits' }).catch(() => undefined);
  }
}
