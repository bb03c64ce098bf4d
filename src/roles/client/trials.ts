import type { Advertised, Qualified, Starting } from './qualification.ts';
import * as qualification from './qualification.ts';
import type { ServerAddress } from './servers.ts';

/** Half of RFC 4380's T: two servers are asked by turns, so that each is asked as seldom as T allows in the long run. */
const TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 3;

interface Trial {
  readonly server: ServerAddress;
  state: Starting;
}

/** A server that answered at both of its addresses. */
export interface Proven {
  readonly server: ServerAddress;
  readonly qualified: Qualified;
}

export interface TrialActions {
  solicit(server: ServerAddress, ipv4: number, now: number): void;
  /** It did not answer, or not in a way that helps. */
  failed(server: ServerAddress, now: number): void;
}

export interface TrialOptions {
  /** Octets, when the server tells none. */
  readonly mtu: number;
  readonly supportsSymmetric: boolean;
}

/**
 * Qualification with other servers than the one in use, beside it and by the same service port (RFC 4380 §5.2.1).
 *
 * Both addresses of a server are asked at once: what they say is the same as if they were asked one after the other,
 * and it takes one exchange instead of two. Bounded: one trial for each server on the list.
 */
export class Trials {
  readonly #options: TrialOptions;
  readonly #actions: TrialActions;
  readonly #running = new Map<number, Trial>();
  readonly #proven = new Map<number, Proven>();

  constructor(options: TrialOptions, actions: TrialActions) {
    this.#options = options;
    this.#actions = actions;
  }

  get deadlineAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { state } of this.#running.values()) next = Math.min(next, state.deadlineAt);
    return next;
  }

  /** Whether this server is being tried, or was with success. */
  has({ ipv4 }: ServerAddress): boolean {
    return this.#running.has(ipv4) || this.#proven.has(ipv4);
  }

  /** Those that may be used at once, in the order of their last answer. */
  get proven(): readonly Proven[] {
    return [...this.#proven.values()];
  }

  begin(server: ServerAddress, now: number): void {
    if (this.has(server)) return;
    const trial: Trial = { server, state: { ...qualification.start(now), deadlineAt: now + TIMEOUT_MS } };
    this.#running.set(server.ipv4, trial);
    this.#solicit(trial, now);
  }

  clear(): void {
    this.#running.clear();
    this.#proven.clear();
  }

  /** A valid advertisement of a server other than the one in use; false: it is not on trial. */
  advertised(server: number, asked: number, advertisement: Advertised | 'rejected', now: number): boolean {
    const trial = this.#running.get(server);
    if (trial === undefined) return false;
    if (advertisement === 'rejected') {
      this.#fail(trial, now);
      return true;
    }
    const from = asked === server ? 'primary' : 'secondary';
    const { mtu, supportsSymmetric } = this.#options;
    const next = qualification.advertised(trial.state, from, advertisement, mtu, supportsSymmetric, now);
    if (next.state === 'starting') {
      const { attempt, deadlineAt } = trial.state;
      trial.state = { ...next, attempt, deadlineAt };
    } else if (next.state === 'qualified') {
      this.#running.delete(server);
      this.#proven.set(server, { server: trial.server, qualified: next });
    } else {
      this.#fail(trial, now);
    }
    return true;
  }

  timeOut(now: number): void {
    for (const trial of [...this.#running.values()]) {
      const { attempt, deadlineAt } = trial.state;
      if (deadlineAt > now) continue;
      if (attempt === ATTEMPTS_MAX) {
        this.#fail(trial, now);
      } else {
        trial.state = { ...trial.state, attempt: attempt + 1, deadlineAt: now + TIMEOUT_MS };
        this.#solicit(trial, now);
      }
    }
  }

  #solicit({ server, state }: Trial, now: number): void {
    if (state.primary === undefined) this.#actions.solicit(server, server.ipv4, now);
    if (state.secondary === undefined) this.#actions.solicit(server, server.ipv4Secondary, now);
  }

  #fail({ server }: Trial, now: number): void {
    this.#running.delete(server.ipv4);
    this.#actions.failed(server, now);
  }
}
