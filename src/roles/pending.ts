import { ANSWER_TIMEOUT_MS } from './constants.ts';

/** A peer that has been asked and has not answered yet. */
export interface Pending {
  readonly peer: number;
  /** Bubbles or tests sent so far in this round. */
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly deadlineAt: number;
}

/**
 * The peers whose answer is awaited (RFC 4380 §5.2.4, §5.4.1).
 *
 * All wait equally long, so the order of asking is the order of the deadlines. Bounded by the peers of the table.
 */
export class PendingPeers {
  readonly #pending = new Map<number, Pending>();
  #nextAt = Number.POSITIVE_INFINITY;

  /** The earliest deadline; Infinity: nobody is awaited. */
  get nextAt(): number {
    return this.#nextAt;
  }

  get(peer: number): Pending | undefined {
    return this.#pending.get(peer);
  }

  /** Awaits an answer from now on. */
  set(peer: number, attempt: number, attemptsMax: number, now: number): void {
    this.#pending.delete(peer);
    this.#pending.set(peer, { peer, attempt, attemptsMax, deadlineAt: now + ANSWER_TIMEOUT_MS });
    this.#findNext();
  }

  delete(peer: number): void {
    if (this.#pending.delete(peer)) this.#findNext();
  }

  /** Takes out one peer whose time has run out; undefined: there is none. */
  takeDue(now: number): Pending | undefined {
    if (this.#nextAt > now) return undefined;
    const first = this.#pending.values().next().value;
    if (first !== undefined) this.delete(first.peer);
    return first;
  }

  #findNext(): void {
    this.#nextAt = this.#pending.values().next().value?.deadlineAt ?? Number.POSITIVE_INFINITY;
  }
}
