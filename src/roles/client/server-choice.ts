import type { ServerReason } from '../events.ts';
import type { Random } from '../role.ts';
import type { Advertised, Qualified } from './qualification.ts';
import { ServerReturn } from './server-return.ts';
import { type ServerAddress, Servers } from './servers.ts';
import { type TrialOptions, Trials } from './trials.ts';

/** While no server answers, one more is asked each time this long. */
const WIDEN_MS = 2_000;

export interface ServerChoiceActions {
  solicit(server: ServerAddress, ipv4: number): void;
  /** This server has answered in full and is to be used from now on. */
  adopt(server: ServerAddress, qualified: Qualified, reason: ServerReason, now: number): void;
  /** Whether the server in use may be given up: nothing has come from it in spite of our asking. */
  isLost(now: number): boolean;
  /** Whether no peer loses anything by another address of ours. */
  isQuiet(now: number): boolean;
}

/**
 * Which server a client uses when it knows several: the next one is tried while the one in use is silent, and a
 * preferred one is returned to (RFC 4380 §5.2.1 and ledger CLI-104 let a client qualify with another server; how is
 * ours, `docs/decisions/0012-servers.md`).
 */
export class ServerChoice {
  readonly servers: Servers;
  readonly #actions: ServerChoiceActions;
  readonly #trials: Trials;
  readonly #return: ServerReturn;
  #current: ServerAddress | undefined;
  #widenAt = Number.POSITIVE_INFINITY;
  /** Why the trials that run were begun. */
  #reason: ServerReason = 'previous server silent';

  constructor(
    addresses: readonly ServerAddress[],
    options: TrialOptions,
    random: Random,
    actions: ServerChoiceActions,
  ) {
    this.servers = new Servers(addresses);
    this.#actions = actions;
    this.#return = new ServerReturn(random);
    this.#trials = new Trials(options, {
      solicit: (server, ipv4, now) => {
        this.servers.asked(server.ipv4, now);
        actions.solicit(server, ipv4);
      },
      failed: (server, now) => this.servers.failed(server.ipv4, now),
    });
    this.#current = this.servers.ranked(0)[0];
  }

  /** The server in use, or the one that will be asked first; undefined: none is known. */
  get current(): ServerAddress | undefined {
    return this.#current;
  }

  /** Whether another server could take over. */
  get hasStandby(): boolean {
    return this.servers.count > 1;
  }

  get deadlineAt(): number {
    return Math.min(this.#widenAt, this.#trials.deadlineAt, this.#return.deadlineAt);
  }

  timeOut(now: number): void {
    if (this.#widenAt <= now) this.#widen(now);
    this.#trials.timeOut(now);
    if (this.#return.deadlineAt <= now) this.#probePreferred(now);
  }

  /** The server in use has not answered, or may not from `now` on: others are asked, one after the other. */
  suspect(now: number): void {
    if (!this.hasStandby || this.#widenAt !== Number.POSITIVE_INFINITY) return;
    this.#reason = 'previous server silent';
    this.#widenAt = now;
  }

  /** The server in use is alive: nobody else is needed. */
  calm(now: number): void {
    if (this.#current !== undefined) this.servers.answered(this.#current.ipv4, now);
    if (this.#widenAt === Number.POSITIVE_INFINITY) return;
    this.#widenAt = Number.POSITIVE_INFINITY;
    this.#trials.clear();
  }

  /** The client is qualified with the server in use. */
  settle(now: number): void {
    this.stop();
    if (this.#current === undefined) return;
    this.servers.succeeded(this.#current.ipv4);
    if (this.servers.preferredTo(this.#listed()).length > 0) this.#return.start(now);
  }

  stop(): void {
    this.#widenAt = Number.POSITIVE_INFINITY;
    this.#trials.clear();
    this.#return.stop();
  }

  /** The server in use has failed. */
  fail(now: number): void {
    if (this.#current === undefined) return;
    this.servers.failed(this.#current.ipv4, now);
    this.#return.lost(now);
  }

  /** The best server becomes the one in use; true: it is another than before. */
  takeBest(now: number): boolean {
    const before = this.#current;
    this.#current = this.servers.ranked(now)[0];
    return before?.ipv4 !== this.#current?.ipv4;
  }

  /** Uses a server that has proved itself, if one has and it is time for it; true: it did. */
  tryAdopt(now: number): boolean {
    const [first] = this.#trials.proven;
    if (first === undefined) return false;
    const reason = this.#reason;
    if (reason === 'previous server silent') {
      if (!this.#actions.isLost(now)) return false;
      this.fail(now);
    } else if (reason === 'preferred server answers again') {
      this.#return.returned(now);
    }
    this.#current = first.server;
    this.#actions.adopt(first.server, first.qualified, reason, now);
    return true;
  }

  /** A valid advertisement of a server other than the one in use. */
  advertised(server: number, asked: number, told: Advertised | 'rejected', now: number): void {
    if (asked === server) this.servers.answered(server, now);
    if (this.#trials.advertised(server, asked, told, now)) this.tryAdopt(now);
    else if (told !== 'rejected') this.#return.answered(server);
  }

  /**
   * Replaces the list while the client is qualified: a server that is no longer on it stays in use until another one
   * has answered.
   */
  replace(addresses: readonly ServerAddress[], now: number): void {
    this.servers.set(addresses);
    const listed = this.#listed();
    if (listed !== undefined) this.#current = listed;
    const [best] = this.servers.ranked(now);
    if (best === undefined) return;
    if (this.servers.preferredTo(listed).length > 0) this.#return.start(now);
    else this.#return.stop();
    if (listed === undefined) this.#try(best, 'list of servers changed', now);
  }

  #listed(): ServerAddress | undefined {
    return this.#current === undefined ? undefined : this.servers.get(this.#current.ipv4);
  }

  #try(server: ServerAddress, reason: ServerReason, now: number): void {
    // Whoever is being asked because the server in use is silent goes first.
    if (this.#widenAt !== Number.POSITIVE_INFINITY) return;
    this.#reason = reason;
    this.#trials.clear();
    this.#trials.begin(server, now);
  }

  #widen(now: number): void {
    const next = this.servers
      .ranked(now)
      .find((server) => server.ipv4 !== this.#current?.ipv4 && !this.#trials.has(server));
    if (next !== undefined) this.#trials.begin(next, now);
    this.#widenAt = now + WIDEN_MS;
  }

  #probePreferred(now: number): void {
    this.#return.next(now);
    const preferred = this.servers.preferredTo(this.#listed());
    const back = preferred.find(({ ipv4 }) => this.#return.isBack(ipv4));
    if (back !== undefined && this.#actions.isQuiet(now)) {
      return this.#try(back, 'preferred server answers again', now);
    }
    for (const server of preferred) {
      this.#return.probe(server.ipv4);
      this.servers.asked(server.ipv4, now);
      this.#actions.solicit(server, server.ipv4);
    }
  }
}
