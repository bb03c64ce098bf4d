import { EAGAIN, EINTR, POLLFD, POLLOUT } from './abi.ts';
import type { Arena } from './arena.ts';
import { errno, poll, sendmmsg } from './libc.ts';
import type { MessageVector } from './message-vector.ts';

/** How long one flush waits for room in a full socket buffer before it gives the rest up, as a full link would. */
const PATIENCE_MS = 2;

/** sendmmsg with a little patience. */
export class Outlet {
  readonly #arena: Arena;
  readonly #vector: MessageVector;
  readonly #pollfd: number;
  #patience = 1;

  constructor(arena: Arena, vector: MessageVector) {
    this.#arena = arena;
    this.#vector = vector;
    this.#pollfd = arena.take(POLLFD.length);
  }

  /** A new flush begins: it may wait once. */
  begin(): void {
    this.#patience = 1;
  }

  /**
   * Sends `count` messages from number `first` on, or as many of them as the kernel takes.
   *
   * Errors: how many were sent; minus the errno when the first of them was refused; -EAGAIN when the socket's buffer
   *         is still full after a wait.
   */
  send(fd: number, first: number, count: number, flags: number): number {
    for (;;) {
      const sent = sendmmsg(fd, this.#vector.pointer(first), count, flags);
      if (sent > 0) return sent;
      const number = errno();
      if (number === EINTR) continue;
      if (number !== EAGAIN || this.#patience-- <= 0 || !this.#waitForRoom(fd)) return -number;
    }
  }

  #waitForRoom(fd: number): boolean {
    this.#arena.u32[this.#pollfd >> 2] = fd;
    this.#arena.u32[(this.#pollfd + POLLFD.events) >> 2] = POLLOUT;
    return poll(this.#arena.pointer(this.#pollfd), 1, PATIENCE_MS) > 0;
  }
}
