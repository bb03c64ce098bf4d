/** What is going on in a diagnosis, for somebody who waits. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** Names of what is under way, the oldest first. */
  readonly current: readonly string[];
}

/** Counts the steps of a diagnosis. */
export class Progress {
  readonly #onChange: (state: ProgressState) => void;
  readonly #current = new Set<string>();
  #done = 0;
  #total: number;

  constructor(total: number, onChange: (state: ProgressState) => void) {
    this.#total = total;
    this.#onChange = onChange;
  }

  /** A step that lasts as long as the promise. */
  async step<T>(name: string, work: Promise<T>): Promise<T> {
    this.#current.add(name);
    this.#tell();
    try {
      return await work;
    } finally {
      this.#current.delete(name);
      this.#done++;
      this.#tell();
    }
  }

  #tell(): void {
    this.#total = Math.max(this.#total, this.#done + this.#current.size);
    this.#onChange({ done: this.#done, total: this.#total, current: [...this.#current] });
  }
}
