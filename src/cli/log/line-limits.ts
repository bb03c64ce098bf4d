/** Entries of one kind within `WINDOW_MS`; what comes beyond is counted. */
export const ENTRIES_MAX = 60;
export const WINDOW_MS = 60_000;
/** Kinds that are told apart; further ones share one account. */
export const KINDS_MAX = 256;

/** How many entries of a kind were left out, and in what time. */
export interface LeftOut {
  readonly kind: string;
  readonly count: number;
  /** Ms. */
  readonly forMs: number;
}

interface Window {
  readonly beganAt: number;
  told: number;
  leftOut: number;
}

/**
 * Bounds a log by the kind of its entries: whoever can cause one entry can cause a million, and a disk is finite.
 *
 * Shape:  a window begins with the first entry of a kind; when it is over, what was left out in it is told once.
 *         `now` in ms, monotonic. Bounded by KINDS_MAX.
 */
export class LineLimits {
  readonly #windows = new Map<string, Window>();

  /** Whether an entry of this kind may be written. */
  admits(kind: string, now: number): boolean {
    const key = this.#windows.size < KINDS_MAX || this.#windows.has(kind) ? kind : 'others';
    let window = this.#windows.get(key);
    // One in which something was left out ends when that is told.
    if (window === undefined || (window.leftOut === 0 && now >= window.beganAt + WINDOW_MS)) {
      window = { beganAt: now, told: 0, leftOut: 0 };
      this.#windows.set(key, window);
    }
    if (window.told < ENTRIES_MAX) {
      window.told++;
      return true;
    }
    window.leftOut++;
    return false;
  }

  /** When something is to be told next; Infinity: nothing was left out. */
  get deadlineAt(): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (const { beganAt, leftOut } of this.#windows.values()) {
      if (leftOut > 0) deadline = Math.min(deadline, beganAt + WINDOW_MS);
    }
    return deadline;
  }

  /** Ends the windows that are over, and gives what was left out in them. With `all`: every window. */
  takeOver(now: number, all = false): LeftOut[] {
    const found: LeftOut[] = [];
    for (const [kind, { beganAt, leftOut }] of this.#windows) {
      if (!all && now < beganAt + WINDOW_MS) continue;
      this.#windows.delete(kind);
      if (leftOut > 0) found.push({ kind, count: leftOut, forMs: now - beganAt });
    }
    return found;
  }
}
