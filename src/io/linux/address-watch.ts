import {
  AF_NETLINK,
  NETLINK_ROUTE,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_LINK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCKADDR_NL,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { bind, close, read, socket } from './libc.ts';
import { type Poller, type Source, systemError } from './poller.ts';

const SCRATCH = 8_192;

/** Tells when links or addresses of the host have changed. What has changed is for the listener to look up. */
export class AddressWatch implements Source {
  readonly #arena: Arena;
  readonly #poller: Poller;
  readonly #fd: number;
  readonly #scratch: number;
  readonly #onChange: () => void;

  constructor(arena: Arena, poller: Poller, onChange: () => void) {
    this.#arena = arena;
    this.#poller = poller;
    this.#onChange = onChange;
    this.#scratch = arena.take(SCRATCH);
    this.#fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (this.#fd < 0) throw systemError('TD-NETLINK', 'cannot open a netlink socket');
    const address = arena.take(SOCKADDR_NL.length);
    arena.u16[address >> 1] = AF_NETLINK;
    arena.u32[(address + SOCKADDR_NL.groups) >> 2] = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (bind(this.#fd, arena.pointer(address), SOCKADDR_NL.length) < 0) {
      const error = systemError('TD-NETLINK', 'cannot listen for changes of addresses');
      close(this.#fd);
      throw error;
    }
    poller.add(this.#fd, this, 0);
  }

  ready(): void {
    // Only that something came matters; an overflow (ENOBUFS) is news of a change too.
    while (read(this.#fd, this.#arena.pointer(this.#scratch), SCRATCH) > 0);
    this.#onChange();
  }

  close(): void {
    this.#poller.remove(this.#fd);
    close(this.#fd);
  }
}
