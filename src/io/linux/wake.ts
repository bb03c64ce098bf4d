import { EFD_CLOEXEC, EFD_NONBLOCK } from './abi.ts';
import type { Arena } from './arena.ts';
import { eventfd, read } from './libc.ts';
import { type Poller, type Source, systemError } from './poller.ts';

/**
 * An eventfd: whoever writes eight octets to `fd`, from any thread, ends the loop's wait.
 *
 * The one who writes closes it: closed here, its number might be another file's by the time of the next write.
 */
export class Wake implements Source {
  readonly fd: number;
  readonly #arena: Arena;
  readonly #count: number;
  readonly #onWake: () => void;

  constructor(arena: Arena, poller: Poller, onWake: () => void) {
    this.#arena = arena;
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
}
