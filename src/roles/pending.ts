/** A peer that has been asked and has not answered yet, or that may not be asked yet. */
export interface Pending {
  readonly peer: number;
  /** Bubbles or tests sent so far in this round. */
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly deadlineAt: number;
}

/**
 * The peers whose answer is awaited (RFC 4380 §5.2.4, §5.4.1), earliest deadline first: a binary heap.
 *
 * What is deleted stays in the heap until its time comes, which is 2 s at most. Bounded by the peers of the table and
 * what is asked of them in 2 s.
 */
export class PendingPeers {
  readonly #pending = new Map<number, Pending>();
  readonly #heap: Pending[] = [];

  /** The earliest deadline; Infinity: nobody is awaited. */
  get nextAt(): number {
    return this.#heap[0]?.deadlineAt ?? Number.POSITIVE_INFINITY;
  }

  get(peer: number): Pending | undefined {
    return this.#pending.get(peer);
  }

  /** Awaits an answer, or the time for the next question, until `deadlineAt`. */
  set(peer: number, attempt: number, attemptsMax: number, deadlineAt: number): void {
    const pending = { peer, attempt, attemptsMax, deadlineAt };
    this.#pending.set(peer, pending);
    this.#push(pending);
  }

  delete(peer: number): void {
    if (this.#pending.delete(peer)) this.#forgetDeleted();
  }

  /** Takes out one peer whose time has run out; undefined: there is none. */
  takeDue(now: number): Pending | undefined {
    this.#forgetDeleted();
    if (this.nextAt > now) return undefined;
    const first = this.#heap[0];
    if (first !== undefined) this.delete(first.peer);
    return first;
  }

  /** The first of the heap is one that counts. */
  #forgetDeleted(): void {
    while (this.#heap.length > 0 && this.#pending.get(this.#heap[0]!.peer) !== this.#heap[0]) this.#takeFirst();
  }

  #push(pending: Pending): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(pending);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.deadlineAt <= pending.deadlineAt) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = pending;
    this.#forgetDeleted();
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.deadlineAt < heap[child]!.deadlineAt) child++;
      if (heap[child]!.deadlineAt >= last.deadlineAt) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
