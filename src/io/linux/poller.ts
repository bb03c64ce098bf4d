import { TeredoError } from '../../errors.ts';
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_EVENT, EPOLLIN } from './abi.ts';
import type { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { close, epollControl, epollCreate, epollWait, errno } from './libc.ts';

/** Descriptors that become ready in one wait; more of them wait for the next call. */
const EVENTS_MAX = 16;
/** epoll takes an int of milliseconds. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** One who waits for descriptors. `key` is the number it gave when it registered. */
export interface Source {
  ready(key: number, events: number): void;
}

/** epoll, level-triggered, for reading only. */
export class Poller {
  readonly #arena: Arena;
  readonly #epoll: number;
  readonly #events: number;
  readonly #sources: (Source | undefined)[] = [];
  readonly #keys: number[] = [];
  readonly #fds: number[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#events = arena.take(EVENTS_MAX * EPOLL_EVENT.length);
    this.#epoll = epollCreate(EPOLL_CLOEXEC);
    if (this.#epoll < 0) throw systemError('TD-EPOLL', 'epoll_create1');
  }

  /** Bounded by the local sockets of one process: some twenty a client, few for any other role. */
  add(fd: number, source: Source, key: number): void {
    const free = this.#sources.indexOf(undefined);
    const token = free < 0 ? this.#sources.length : free;
    this.#control(EPOLL_CTL_ADD, fd, token);
    this.#sources[token] = source;
    this.#keys[token] = key;
    this.#fds[token] = fd;
  }

  remove(fd: number): void {
    const token = this.#fds.indexOf(fd);
    if (token < 0) return;
    this.#control(EPOLL_CTL_DEL, fd, token);
    this.#sources[token] = undefined;
    this.#fds[token] = -1;
  }

  /**
   * Waits until something is ready or the time is over, and tells the sources.
   *
   * Units:  milliseconds, rounded up so that a deadline has passed when the wait ends; Infinity: no limit.
   * Errors: none; an interrupted wait returns early.
   */
  wait(timeoutMs: number): void {
    const timeout = timeoutMs === Infinity ? -1 : Math.min(Math.max(Math.ceil(timeoutMs), 0), TIMEOUT_MAX_MS);
    const { u32, base } = this.#arena;
    const count = epollWait(this.#epoll, base + this.#events, EVENTS_MAX, timeout);
    for (let index = 0; index < count; index++) {
      const at = this.#events + index * EPOLL_EVENT.length;
      const token = u32[(at + EPOLL_EVENT.data) >> 2]!;
      this.#sources[token]?.ready(this.#keys[token]!, u32[at >> 2]!);
    }
  }

  close(): void {
    close(this.#epoll);
  }

  #control(operation: number, fd: number, token: number): void {
    const { u32, base } = this.#arena;
    u32[this.#events >> 2] = EPOLLIN;
    u32[(this.#events + EPOLL_EVENT.data) >> 2] = token;
    u32[((this.#events + EPOLL_EVENT.data) >> 2) + 1] = 0;
    if (epollControl(this.#epoll, operation, fd, base + this.#events) < 0) throw systemError('TD-EPOLL', 'epoll_ctl');
  }
}

/** The last system call's failure as an error for people. */
export function systemError(code: string, what: string, next = ''): TeredoError {
  const name = errorName(errno());
  return new TeredoError(code, `${what}: ${name}`, next);
}
