/** What is still to happen: a binary heap by instant, and by order of arrival between equal instants. */
export class EventQueue {
  readonly #at: number[] = [];
  readonly #order: number[] = [];
  readonly #action: (() => void)[] = [];
  #added = 0;

  get size(): number {
    return this.#at.length;
  }

  /** The instant of the next event in ms; Infinity when nothing is left. */
  get nextAt(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY;
  }

  add(at: number, action: () => void): void {
    let place = this.#at.length;
    const order = this.#added++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at[parent]! <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#at[place] = at;
    this.#order[place] = order;
    this.#action[place] = action;
  }

  /** Takes the next event out; undefined when nothing is left. */
  take(): (() => void) | undefined {
    const first = this.#action[0];
    const at = this.#at.pop();
    const order = this.#order.pop();
    const action = this.#action.pop();
    if (at === undefined || order === undefined || action === undefined || this.#at.length === 0) return first;
    const count = this.#at.length;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= count) break;
      if (child + 1 < count && this.#isBefore(child + 1, child)) child++;
      if (at < this.#at[child]! || (at === this.#at[child] && order < this.#order[child]!)) break;
      this.#move(child, place);
      place = child;
    }
    this.#at[place] = at;
    this.#order[place] = order;
    this.#action[place] = action;
    return first;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#at[a]! - this.#at[b]!;
    return difference < 0 || (difference === 0 && this.#order[a]! < this.#order[b]!);
  }

  #move(from: number, to: number): void {
    this.#at[to] = this.#at[from]!;
    this.#order[to] = this.#order[from]!;
    this.#action[to] = this.#action[from]!;
  }
}
