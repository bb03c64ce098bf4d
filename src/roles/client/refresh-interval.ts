import { SOLICITATION_TIMEOUT_MS, SOLICITATIONS_MAX } from '../constants.ts';
import type { Endpoint, MappingLifetime } from '../events.ts';

/** RFC 4380 §5.2.7: the largest interval that is tried. */
const MAXIMUM_MS = 120_000;
/** RFC 4380 §5.2.7: good enough when the interval is this part of the maximum. */
const GOOD_ENOUGH = 0.75;
const BUBBLE_WAIT_MS = 2_000;
/** The first and up to three repeats. */
const BUBBLES_MAX = 4;

/** The three intervals of the search, in ms. */
export interface Intervals {
  readonly interval: number;
  readonly candidate: number;
  readonly maximum: number;
}

/** Where the search begins: twice the interval in use, 60 s for the usual 30 s (ledger CLI-110). */
export function begun(interval: number): Intervals {
  const maximum = Math.max(MAXIMUM_MS, interval);
  return { interval, candidate: Math.min(2 * interval, (interval + maximum) / 2), maximum };
}

/** A bubble reached the secondary port after the candidate time (ledger CLI-112). */
export function succeeded({ candidate, maximum }: Intervals): Intervals {
  return { interval: candidate, candidate: Math.min(2 * candidate, (candidate + maximum) / 2), maximum };
}

/** None did: the NAT forgets earlier than that. */
export function failed({ interval, candidate }: Intervals): Intervals {
  return { interval, candidate: (interval + candidate) / 2, maximum: candidate };
}

/**
 * Departs from RFC 4380 §5.2.7, which asks this after a failure only: with a NAT that remembers longer than the
 * maximum there is none, and the search would come nearer to the maximum for ever.
 */
export function isGoodEnough({ interval, maximum }: Intervals): boolean {
  return interval >= GOOD_ENOUGH * maximum;
}

/** What the search asks its client to do. */
export interface RefreshIntervalActions {
  /** Send a router solicitation from the secondary port. */
  solicit(): void;
  /** Send a bubble from the service port, through the server, to the Teredo address of the secondary port. */
  bubbleTo(secondary: Endpoint): void;
  /** The search is over: close the secondary port. `intervalMs` is what it found, `lifetime` what that says of the NAT. */
  done(intervalMs: number, lifetime: MappingLifetime): void;
}

type Step = 'off' | 'qualifying' | 'waiting' | 'listening';

/**
 * Refresh interval determination (RFC 4380 §5.2.7): how long the NAT remembers a port that is silent.
 *
 * A secondary port is qualified and left alone for the candidate time; if a bubble still reaches it, the interval
 * may be that long. Nothing else uses that port meanwhile (ledger CLI-110 to CLI-113).
 */
export class RefreshIntervalSearch {
  readonly #actions: RefreshIntervalActions;
  #step: Step = 'off';
  #intervals: Intervals;
  #tries = 0;
  /** The longest silence survived, and the shortest not survived; undefined: none was. */
  #atLeastMs: number | undefined;
  #belowMs: number | undefined;
  #secondary: Endpoint | undefined;
  /** The interval in use, in ms, from which the next search begins. */
  startMs: number;
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(startMs: number, actions: RefreshIntervalActions) {
    this.startMs = startMs;
    this.#actions = actions;
    this.#intervals = begun(startMs);
  }

  get isRunning(): boolean {
    return this.#step !== 'off';
  }

  start(now: number): void {
    this.#intervals = begun(this.startMs);
    this.#atLeastMs = undefined;
    this.#belowMs = undefined;
    if (isGoodEnough(this.#intervals)) this.#finish();
    else this.#qualify(now);
  }

  stop(): void {
    this.#step = 'off';
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  /** The secondary port is qualified, or qualified again: wait the candidate time from this last interaction. */
  advertised(mapped: Endpoint, now: number): void {
    if (this.#step !== 'qualifying') return;
    this.#secondary = mapped;
    this.#step = 'waiting';
    this.#tries = 0;
    this.deadlineAt = now + this.#intervals.candidate;
  }

  /** A bubble arrived on the secondary port. */
  bubbleArrived(now: number): void {
    if (this.#step !== 'listening') return;
    this.#atLeastMs = this.#intervals.candidate;
    this.#conclude(succeeded(this.#intervals), now);
  }

  timeOut(now: number): void {
    switch (this.#step) {
      case 'off':
        return;
      case 'qualifying':
        if (this.#tries < SOLICITATIONS_MAX) this.#solicit(now);
        else this.#finish();
        return;
      case 'waiting':
        this.#step = 'listening';
        this.#bubble(now);
        return;
      case 'listening':
        if (this.#tries < BUBBLES_MAX) return this.#bubble(now);
        this.#belowMs = this.#intervals.candidate;
        this.#conclude(failed(this.#intervals), now);
        return;
    }
  }

  #qualify(now: number): void {
    this.#step = 'qualifying';
    this.#tries = 0;
    this.#solicit(now);
  }

  #solicit(now: number): void {
    this.#tries++;
    this.deadlineAt = now + SOLICITATION_TIMEOUT_MS;
    this.#actions.solicit();
  }

  #bubble(now: number): void {
    this.#tries++;
    this.deadlineAt = now + BUBBLE_WAIT_MS;
    if (this.#secondary !== undefined) this.#actions.bubbleTo(this.#secondary);
  }

  #conclude(intervals: Intervals, now: number): void {
    this.#intervals = intervals;
    if (isGoodEnough(intervals)) this.#finish();
    // RFC 4380 §5.2.7: the mapping may have gone, so the port is qualified again; the intervals stay.
    else this.#qualify(now);
  }

  #finish(): void {
    this.stop();
    this.#actions.done(this.#intervals.interval, this.#lifetime());
  }

  #lifetime(): MappingLifetime {
    const [atLeastMs, belowMs] = [this.#atLeastMs, this.#belowMs];
    const bounds = { ...(atLeastMs === undefined ? {} : { atLeastMs }), ...(belowMs === undefined ? {} : { belowMs }) };
    if (atLeastMs !== undefined) {
      return { outlivesRefresh: 'yes', ...bounds, reason: 'a bubble reached a port that had been silent for so long' };
    }
    if (belowMs !== undefined) {
      return { outlivesRefresh: 'no', ...bounds, reason: 'no bubble reached a port that had been silent longer' };
    }
    return { outlivesRefresh: 'unknown', reason: 'the server did not answer, or the interval is long enough already' };
  }
}
