import { between } from '../random.ts';
import type { Random } from '../role.ts';

/** How often a preferred server that failed is asked whether it is back, in ms: 75% to 100% of it. */
const PROBE_INTERVAL_MS = 60_000;
/** Answers in a row before it is used again; the doubled number after a return that did not last, up to the most. */
const ANSWERS_MIN = 5;
const ANSWERS_MAX = 80;
/** A return that ends this soon did not last. */
const LASTING_MS = 900_000;

/**
 * When a client returns to a server that it likes better than the one in use: after answers in a row over minutes, and
 * more of them each time a return did not last.
 *
 * Bounded by the servers on the list.
 */
export class ServerReturn {
  readonly #random: Random;
  /** Answers in a row by primary address; a server that has been asked and has not answered yet is in `#unanswered`. */
  readonly #answers = new Map<number, number>();
  readonly #unanswered = new Set<number>();
  #answersNeeded = ANSWERS_MIN;
  #returnedAt = Number.NEGATIVE_INFINITY;
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Another server is in use than the client likes best. */
  start(now: number): void {
    this.stop();
    this.deadlineAt = now + between(this.#random, 0.75 * PROBE_INTERVAL_MS, PROBE_INTERVAL_MS);
  }

  stop(): void {
    this.#answers.clear();
    this.#unanswered.clear();
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  /** The server may be asked now; what it failed to answer before ends its row. */
  probe(ipv4: number): void {
    if (this.#unanswered.has(ipv4)) this.#answers.delete(ipv4);
    this.#unanswered.add(ipv4);
  }

  /** After the probes of one instant. */
  next(now: number): void {
    this.deadlineAt = now + between(this.#random, 0.75 * PROBE_INTERVAL_MS, PROBE_INTERVAL_MS);
  }

  answered(ipv4: number): void {
    if (this.#unanswered.delete(ipv4)) this.#answers.set(ipv4, (this.#answers.get(ipv4) ?? 0) + 1);
  }

  isBack(ipv4: number): boolean {
    return !this.#unanswered.has(ipv4) && (this.#answers.get(ipv4) ?? 0) >= this.#answersNeeded;
  }

  returned(now: number): void {
    this.#returnedAt = now;
  }

  /** The server in use was lost. */
  lost(now: number): void {
    const hasLasted = now - this.#returnedAt >= LASTING_MS;
    this.#answersNeeded = hasLasted ? ANSWERS_MIN : Math.min(ANSWERS_MAX, 2 * this.#answersNeeded);
  }
}
