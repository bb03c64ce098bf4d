import {
  AF_NETLINK,
  EAGAIN,
  NETLINK_ROUTE,
  NLMSGHDR,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_IPV6_ROUTE,
  RTMGRP_LINK,
  RTMSG,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCKADDR_NL,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { bind, close, errno, read, socket } from './libc.ts';
import { type Poller, type Source, systemError } from './poller.ts';
import { ROUTE_PROTOCOL } from './routes.ts';

const SCRATCH = 8_192;
const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;

/**
 * Tells when links or addresses of the host have changed, or a route of ours is gone. What has changed is for the
 * listener to look up.
 */
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
    arena.u32[(address + SOCKADDR_NL.groups) >> 2] = GROUPS;
    if (bind(this.#fd, arena.pointer(address), SOCKADDR_NL.length) < 0) {
      const error = systemError('TD-NETLINK', 'cannot listen for changes of addresses');
      close(this.#fd);
      throw error;
    }
    poller.add(this.#fd, this, 0);
  }

  ready(): void {
    let isNews = false;
    for (;;) {
      const length = read(this.#fd, this.#arena.pointer(this.#scratch), SCRATCH);
      if (length > 0) {
        isNews = this.#isNews(length) || isNews;
      } else {
        // An overflow (ENOBUFS) is news of a change too.
        isNews ||= length < 0 && errno() !== EAGAIN;
        break;
      }
    }
    if (isNews) this.#onChange();
  }

  /** A relay may stand among thousands of routes that come and go: only the loss of our own is of interest. */
  #isNews(length: number): boolean {
    const { bytes, u16, u32 } = this.#arena;
    const end = this.#scratch + length;
    for (let at = this.#scratch; at + NLMSGHDR.length <= end; ) {
      const type = u16[(at + NLMSGHDR.type) >> 1]!;
      const isRoute = type === RTM_NEWROUTE || type === RTM_DELROUTE;
      const isOurs = bytes[at + NLMSGHDR.length + RTMSG.protocol] === ROUTE_PROTOCOL;
      if (!isRoute || (type === RTM_DELROUTE && isOurs)) return true;
      at += Math.max((u32[at >> 2]! + 3) & ~3, NLMSGHDR.length);
    }
    return false;
  }

  close(): void {
    this.#poller.remove(this.#fd);
    close(this.#fd);
  }
}
