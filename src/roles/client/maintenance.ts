import { SOLICITATION_TIMEOUT_MS, SOLICITATIONS_MAX } from '../constants.ts';
import { randomizedRefreshIntervalMs } from '../random.ts';
import type { Random } from '../role.ts';

/** What maintenance wants when its deadline has passed. */
export type MaintenanceStep = 'wait' | 'solicit' | 'lost';

/**
 * Maintenance (RFC 4380 §5.2.5): when the server has been silent for a randomized refresh interval it is solicited
 * again, which also keeps the NAT's mapping; three silences and the client has lost its service (ledger CLI-100 to
 * CLI-104).
 */
export class Maintenance {
  readonly #random: Random;
  /** The refresh interval in use, in ms, before randomization. */
  intervalMs: number;
  #randomizedMs = 0;
  #lastInteractionAt = 0;
  #attempt = 0;
  /** Instant at which `timeOut` must be called; Infinity: the client is not qualified. */
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(refreshIntervalMs: number, random: Random) {
    this.intervalMs = refreshIntervalMs;
    this.#random = random;
  }

  /** The client is qualified, or an advertisement has confirmed it: the interval runs from now. */
  start(now: number): void {
    this.#attempt = 0;
    this.#lastInteractionAt = now;
    this.#randomizedMs = randomizedRefreshIntervalMs(this.intervalMs, this.#random);
    this.deadlineAt = now + this.#randomizedMs;
  }

  stop(): void {
    this.#attempt = 0;
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  /** Something came from the server (RFC 4380 §5.2.3). A solicitation that has left still waits for its answer. */
  serverHeard(now: number): void {
    this.#lastInteractionAt = now;
  }

  timeOut(now: number): MaintenanceStep {
    const dueAt = this.#lastInteractionAt + this.#randomizedMs;
    if (this.#attempt === 0 && now < dueAt) {
      this.deadlineAt = dueAt;
      return 'wait';
    }
    if (this.#attempt === SOLICITATIONS_MAX) return 'lost';
    this.#attempt++;
    this.deadlineAt = now + SOLICITATION_TIMEOUT_MS;
    return 'solicit';
  }
}
