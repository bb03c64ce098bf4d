import { SOLICITATION_TIMEOUT_MS, SOLICITATIONS_MAX } from '../constants.ts';
import { randomizedRefreshIntervalMs } from '../random.ts';
import type { Random } from '../role.ts';

/** What maintenance wants when its deadline has passed. */
export type MaintenanceStep = 'wait' | 'solicit' | 'lost';

/**
 * With another server to go to, the one in use is asked at least this often, in ms before randomization, and again this
 * soon: it is known to be silent within 13 s, see `docs/decisions/0012-servers.md`.
 */
const STANDBY_INTERVAL_MS = 7_000;
const STANDBY_TIMEOUT_MS = SOLICITATION_TIMEOUT_MS / 2;
const STANDBY_SPACING_MS = 1_000;
/** Of a host that has moved, in ms: its new way to the server may be there only a moment later. */
const MOVED_SPACING_MS = 1_000;
/** Without an answer to five solicitations for so long, in ms, another server may take over. */
const SILENT_AFTER_MS = 6_000;
/** RFC 4380 §5.2.1: N times T; when nobody else answers either, the server has all of it. */
const LOST_AFTER_MS = SOLICITATIONS_MAX * SOLICITATION_TIMEOUT_MS;

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
  #askedAt = 0;
  #isMoved = false;
  /** Whether another server could take over. */
  hasStandby = false;
  /** Instant at which `timeOut` must be called; Infinity: the client is not qualified. */
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(refreshIntervalMs: number, random: Random) {
    this.intervalMs = refreshIntervalMs;
    this.#random = random;
  }

  /** The client is qualified, or an advertisement has confirmed it: the interval runs from now. */
  start(now: number): void {
    this.#attempt = 0;
    this.#isMoved = false;
    this.#lastInteractionAt = now;
    this.#randomizedMs = this.#drawMs();
    this.deadlineAt = now + this.#randomizedMs;
  }

  /** The mapping may be gone: the server is asked at once, and again soon. The client is qualified. */
  hurry(now: number): void {
    this.#attempt = 0;
    this.#isMoved = true;
    this.#randomizedMs = 0;
    this.#lastInteractionAt = now;
    this.deadlineAt = now;
  }

  /** Another interval, counted from the last word of the server; a question that waits for its answer goes on. */
  useInterval(intervalMs: number): void {
    this.intervalMs = intervalMs;
    this.#randomizedMs = this.#drawMs();
    const isWaiting = this.#attempt === 0 && this.deadlineAt !== Number.POSITIVE_INFINITY;
    if (isWaiting) this.deadlineAt = this.#lastInteractionAt + this.#randomizedMs;
  }

  stop(): void {
    this.#attempt = 0;
    this.#isMoved = false;
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  /** Something came from the server (RFC 4380 §5.2.3). A solicitation that has left still waits for its answer. */
  serverHeard(now: number): void {
    this.#lastInteractionAt = now;
  }

  /** A solicitation is without an answer, and nothing else has come from the server since. */
  get isSuspect(): boolean {
    return this.#attempt > 1 && this.#lastInteractionAt < this.#askedAt;
  }

  /** Solicitations leave sooner after one another than RFC 4380's T. */
  get isHurried(): boolean {
    return this.hasStandby && this.#attempt > 1;
  }

  /** So many solicitations are without an answer for so long that another server may take over. */
  isSilent(now: number): boolean {
    return this.isSuspect && now - this.#askedAt >= SILENT_AFTER_MS;
  }

  timeOut(now: number): MaintenanceStep {
    const dueAt = this.#lastInteractionAt + this.#randomizedMs;
    if (this.#attempt === 0 && now < dueAt) {
      this.deadlineAt = dueAt;
      return 'wait';
    }
    if (this.#attempt === 0) this.#askedAt = now;
    else if (now - this.#askedAt >= LOST_AFTER_MS) return 'lost';
    this.#attempt++;
    this.deadlineAt = this.#askedAt + this.#dueMs();
    return 'solicit';
  }

  #drawMs(): number {
    const longest = this.hasStandby ? STANDBY_INTERVAL_MS : Number.POSITIVE_INFINITY;
    return randomizedRefreshIntervalMs(Math.min(this.intervalMs, longest), this.#random);
  }

  /** How long after the first solicitation the next one is due: 4 s apart, with a standby at 2, 3, 4 ... s. */
  #dueMs(): number {
    if (this.#isMoved) return this.#attempt * MOVED_SPACING_MS;
    if (!this.hasStandby) return this.#attempt * SOLICITATION_TIMEOUT_MS;
    return STANDBY_TIMEOUT_MS + (this.#attempt - 1) * STANDBY_SPACING_MS;
  }
}
