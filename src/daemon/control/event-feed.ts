import type { Report } from '../reports.ts';

/** Events that are remembered for who asks later. */
const REMEMBERED = 256;
/** Events that wait for a reader who is slow; then the oldest go, and are counted. */
const WAITING_MAX = 1_000;

/** How the program tells a report: as an object for programs, and as lines for people. */
export interface Teller {
  readonly json: (report: Report) => Record<string, unknown>;
  readonly text: (report: Report) => readonly string[];
}

/** A report as it is told outside: what `json` says, with a number that grows, and the words for people. */
export interface EventJson extends Record<string, unknown> {
  readonly id: number;
  readonly type: string;
  readonly text: readonly string[];
}

/** Reports as events: remembered for a while, and handed to whoever listens, at the pace of each. */
export class EventFeed {
  readonly #teller: Teller;
  readonly #remembered: EventJson[] = []; // Bounded by REMEMBERED.
  readonly #readers = new Set<Reader>();
  #last = 0;

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  add(report: Report): void {
    const told = this.#teller.json(report);
    const event = { ...told, id: ++this.#last, type: String(told.type), text: this.#teller.text(report) };
    this.#remembered.push(event);
    if (this.#remembered.length > REMEMBERED) this.#remembered.shift();
    for (const reader of this.#readers) reader.push(event);
  }

  /** What is remembered, oldest first, after the event with the number `after`. */
  since(after: number): readonly EventJson[] {
    return this.#remembered.filter(({ id }) => id > after);
  }

  /** Events from now on, and before them those remembered after number `after`. Ends when `signal` aborts. */
  async *listen(after: number, signal: AbortSignal): AsyncGenerator<EventJson> {
    const reader = new Reader(this.since(after));
    this.#readers.add(reader);
    const end = () => reader.wake();
    signal.addEventListener('abort', end);
    try {
      while (!signal.aborted) {
        const event = reader.take();
        if (event === undefined) await reader.waiting();
        else yield event;
      }
    } finally {
      signal.removeEventListener('abort', end);
      this.#readers.delete(reader);
    }
  }
}

/** One who listens. Bounded by WAITING_MAX. */
class Reader {
  readonly #waiting: EventJson[];
  #lost = 0;
  #resolve = () => {};

  constructor(first: readonly EventJson[]) {
    this.#waiting = [...first];
  }

  push(event: EventJson): void {
    this.#waiting.push(event);
    if (this.#waiting.length > WAITING_MAX) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.wake();
  }

  /** The next event; the first after a gap says how many were lost. */
  take(): EventJson | undefined {
    const event = this.#waiting.shift();
    if (event === undefined || this.#lost === 0) return event;
    const lost = this.#lost;
    this.#lost = 0;
    return { ...event, lost };
  }

  waiting(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  wake(): void {
    this.#resolve();
  }
}
