import { randomFillSync } from 'node:crypto';
import type { Random } from '../roles/role.ts';

/** Numbers drawn from the system's generator at once; one draw a number would cost a system call each. */
const POOL = 256;

/** The system's generator as a `Random`. Used numbers are erased from the pool. */
export class SystemRandom implements Random {
  readonly #pool = new Uint32Array(POOL);
  #next = POOL;

  uint32(): number {
    if (this.#next === POOL) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    const value = this.#pool[this.#next]!;
    this.#pool[this.#next++] = 0;
    return value;
  }
}
