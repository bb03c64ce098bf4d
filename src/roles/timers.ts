/**
 * Named deadlines of a role in one typed array; one deadline leaves the role.
 *
 * Units:  instants in ms, monotonic; Infinity = off.
 */
export class TimerTable {
  readonly #deadlines: Float64Array;

  constructor(count: number) {
    this.#deadlines = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  }

  set(timer: number, at: number): void {
    this.#deadlines[timer] = at;
  }

  stop(timer: number): void {
    this.#deadlines[timer] = Number.POSITIVE_INFINITY;
  }

  /** Whether the timer has passed; if so it is off from now on. */
  take(timer: number, now: number): boolean {
    if (this.#deadlines[timer]! > now) return false;
    this.stop(timer);
    return true;
  }

  next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#deadlines.length; i++) if (this.#deadlines[i]! < next) next = this.#deadlines[i]!;
    return next;
  }
}
