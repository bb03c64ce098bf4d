import { EFD_CLOEXEC, EFD_NONBLOCK } from './abi.ts';
import type { Arena } from './arena.ts';
import { close, eventfd, read } from './libc.ts';
import { type Poller, type Source, systemError } from './poller.ts';

/** An eventfd: whoever writes eight octets to `fd`, from any thread, ends the loop's wait. */
export class Wake implements Source {
  readonly fd: number;
  readonly #arena: Arena;
  readonly #poller: Poller;
  readonly #count: number;
  readonly #onWake: () => void;

  constructor(arena: Arena, poller: Poller, onWake: () => void) {
    this.#arena = arena;
    this.#poller = poller;
    this.#count = arena.take(8);
    this.#onWake = onWake;
    this.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (this.fd < 0) throw systemError('TD-EVENTFD', 'eventfd');
    poller.add(this.fd, this, 0);
  }

  ready(): void {
    read(this.fd, this.#arena.pointer(this.#count), 8);
    this.#onWake();
  }

  close(): void {
    this.#poller.remove(this.fd);
    close(this.fd);
  }
}

/** What to write to `Wake.fd`: a count of one, in the machine's order. */
export const WAKE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);
