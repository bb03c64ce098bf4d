import type { CounterStatus, ErrorStatus, Status } from '../status/status.ts';

/**
 * What `/v1/live` tells, as server-sent events: the name of the event, and what its data are as JSON.
 *
 * Units: `at` and `...Ms` in milliseconds, `at` since 1970 by the clock of the process.
 */
export interface LiveMessages {
  /** How things stand: once a second, and soon after something happened. */
  readonly status: LiveStatus;
  /** What was counted so far, by role: four times a second. */
  readonly counters: LiveCounters;
  /** What happened, oldest first: at the beginning all that is remembered. */
  readonly events: LiveEvents;
  /** Who was asked cannot answer; the stream ends. */
  readonly trouble: ErrorStatus;
}

export interface LiveStatus {
  readonly at: number;
  readonly status: Status;
  /** How long the thread that carries packets took to answer; null: it did not, or there is none. */
  readonly answeredInMs: number | null;
}

export interface LiveCounters {
  readonly at: number;
  readonly roles: readonly CounterStatus[];
}

export interface LiveEvents {
  readonly events: readonly LiveEvent[];
  /** Events that went by too fast to be told. */
  readonly lost: number;
}

/** An event of `/v1/events` that has words for people. */
export interface LiveEvent {
  readonly id: number;
  readonly type: string;
  readonly time?: string;
  readonly role?: string;
  readonly reason?: string;
  readonly text: readonly string[];
}
