/**
 * Octets that arrive in chunks and leave in the lengths a parser asks for.
 *
 * Bounded by what the parser waits for: it grows to one record and one chunk, not to the file.
 */
export class ByteQueue {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #offset = 0;

  /** Where the next octet stands in the file. */
  get offset(): number {
    return this.#offset;
  }

  /** Octets that wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) {
      const waiting = this.#bytes.subarray(this.#start, this.#end);
      const needed = waiting.length + chunk.length;
      if (needed > this.#bytes.length) {
        const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
        larger.set(waiting);
        this.#bytes = larger;
      } else {
        this.#bytes.copyWithin(0, this.#start, this.#end);
      }
      this.#start = 0;
      this.#end = waiting.length;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** A view of the next octets, good until the next `append`; undefined: there are not so many yet. */
  peek(length: number): Uint8Array | undefined {
    if (this.length < length) return undefined;
    return this.#bytes.subarray(this.#start, this.#start + length);
  }

  skip(length: number): void {
    this.#start += length;
    this.#offset += length;
  }
}
