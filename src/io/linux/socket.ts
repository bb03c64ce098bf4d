import { TeredoError } from '../../errors.ts';
import {
  AF_INET,
  IP_ADD_MEMBERSHIP,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PMTUDISC_DONT,
  IP_RECVTOS,
  MEMINFO,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCKADDR_IN,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  UDP_GRO,
  UDP_SEGMENT,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { holderOfPort, howToStop, wordsForHolder } from './holder.ts';
import { bind, close, errno, getsockname, getsockopt, setsockopt, socket } from './libc.ts';
import type { Offloads } from './offloads.ts';

/** What one local socket of a UDP port is bound to. */
export interface SocketPlan {
  /** int32; 0: every address of the host. */
  readonly ipv4: number;
  /** 0: the kernel chooses one. */
  readonly port: number;
  /** With port 0: the one to have if it is free; 0: any. */
  readonly wishedPort?: number;
  /** int32 of a multicast group to join; the socket then hears that group and nothing else. */
  readonly group?: number;
  /** For messages about it: "--port 3544". */
  readonly name: string;
}

/** Eight megaoctets: some 6,000 full datagrams, a tenth of a second at half a gigabit per second. */
export const SOCKET_BUFFER = 8 << 20;

/** Opens sockets; `scratch` octets of the arena carry options and addresses to the kernel. */
export class SocketOpener {
  readonly #arena: Arena;
  readonly #scratch: number;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#scratch = arena.take(64);
  }

  /** `segment` and `gro`, as far as they are allowed and this kernel has them. */
  offloads(allowed: Offloads): Offloads {
    const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const has = (option: number) => {
      this.#arena.u32[this.#scratch >> 2] = 0;
      return setsockopt(fd, SOL_UDP, option, this.#arena.pointer(this.#scratch), 4) === 0;
    };
    const options = { segment: UDP_SEGMENT, gro: UDP_GRO };
    const found = (['segment', 'gro'] as const).filter((name) => allowed.includes(name) && has(options[name]));
    close(fd);
    return found;
  }

  /**
   * Opens a non-blocking UDP socket for IPv4 and binds it; `gathers`: it may hand over runs of datagrams (UDP_GRO).
   *
   * Errors: TeredoError that names the plan, the address and errno; the descriptor is closed then.
   */
  openUdp(plan: SocketPlan, gathers: boolean): number {
    const fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new TeredoError('TD-SOCKET', `cannot open a UDP socket: ${errorName(errno())}`);
    try {
      // RFC 4380 §5.1.2, ledger W-12: DF stays clear.
      this.#set(fd, plan, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
      // RFC 6040 §4.2: what routers say about congestion is told to the packet inside.
      this.#set(fd, plan, SOL_IP, IP_RECVTOS, 1);
      this.#set(fd, plan, SOL_IP, IP_MULTICAST_ALL, 0);
      if (plan.group === undefined) {
        // RFC 4380 §5.2.8: discovery bubbles stay on the link, and we do not want to hear our own.
        this.#set(fd, plan, SOL_IP, IP_MULTICAST_TTL, 1);
        this.#set(fd, plan, SOL_IP, IP_MULTICAST_LOOP, 0);
        this.#bind(fd, plan, plan.ipv4);
      } else {
        // Several clients of one host share the group's port; bound to the group, the socket hears no unicast.
        this.#set(fd, plan, SOL_SOCKET, SO_REUSEADDR, 1);
        this.#bind(fd, plan, plan.group);
        this.#join(fd, plan, plan.group);
      }
      if (gathers) this.#set(fd, plan, SOL_UDP, UDP_GRO, 1);
      this.#enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
      this.#enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    } catch (error) {
      close(fd);
      throw error;
    }
    return fd;
  }

  /** The port a bound socket has. */
  localPort(fd: number): number {
    const { u32, bytes } = this.#arena;
    u32[(this.#scratch + 32) >> 2] = SOCKADDR_IN.length;
    getsockname(fd, this.#arena.pointer(this.#scratch), this.#arena.pointer(this.#scratch + 32));
    return (bytes[this.#scratch + SOCKADDR_IN.port]! << 8) | bytes[this.#scratch + SOCKADDR_IN.port + 1]!;
  }

  /** Octets of datagrams the kernel keeps for us; it reports twice of what was asked for, and so do we. */
  receiveBuffer(fd: number): number {
    return this.#get(fd, SO_RCVBUF);
  }

  /** Datagrams that came for this socket and were lost here: its buffer was full, or a checksum wrong. */
  overflows(fd: number): number {
    const { u32 } = this.#arena;
    const at = this.#scratch;
    const lengthAt = at + MEMINFO.length + 4;
    u32[lengthAt >> 2] = MEMINFO.length;
    u32[(at + MEMINFO.drops) >> 2] = 0;
    getsockopt(fd, SOL_SOCKET, SO_MEMINFO, this.#arena.pointer(at), this.#arena.pointer(lengthAt));
    return u32[(at + MEMINFO.drops) >> 2]!;
  }

  #bind(fd: number, plan: SocketPlan, ipv4: number): void {
    const { u16, bytes } = this.#arena;
    const at = this.#scratch;
    u16[at >> 1] = AF_INET;
    if (plan.port === 0 && plan.wishedPort !== undefined && plan.wishedPort !== 0) {
      writeEndpoint(bytes, at, ipv4, plan.wishedPort);
      if (bind(fd, this.#arena.pointer(at), SOCKADDR_IN.length) === 0) return;
    }
    writeEndpoint(bytes, at, ipv4, plan.port);
    if (bind(fd, this.#arena.pointer(at), SOCKADDR_IN.length) < 0) throw bindError(plan, errno());
  }

  /** struct ip_mreqn: group, local address, interface; zeros let the route to the group choose the interface. */
  #join(fd: number, plan: SocketPlan, group: number): void {
    const { bytes } = this.#arena;
    const at = this.#scratch;
    bytes.fill(0, at, at + 12);
    writeIpv4(bytes, at, group);
    if (setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, this.#arena.pointer(at), 12) < 0) {
      throw new TeredoError('TD-MULTICAST', `${plan.name}: cannot join the group: ${errorName(errno())}`);
    }
  }

  #set(fd: number, plan: SocketPlan, level: number, option: number, value: number): void {
    this.#arena.u32[this.#scratch >> 2] = value;
    if (setsockopt(fd, level, option, this.#arena.pointer(this.#scratch), 4) < 0) {
      throw new TeredoError('TD-SOCKET', `${plan.name}: socket option ${option}: ${errorName(errno())}`);
    }
  }

  /** The first option goes beyond the system's limit but needs CAP_NET_ADMIN; the second gets what the limit allows. */
  #enlarge(fd: number, force: number, plain: number): void {
    this.#arena.u32[this.#scratch >> 2] = SOCKET_BUFFER;
    const value = this.#arena.pointer(this.#scratch);
    if (setsockopt(fd, SOL_SOCKET, force, value, 4) < 0) setsockopt(fd, SOL_SOCKET, plain, value, 4);
  }

  #get(fd: number, option: number): number {
    const { u32 } = this.#arena;
    u32[(this.#scratch + 32) >> 2] = 4;
    getsockopt(fd, SOL_SOCKET, option, this.#arena.pointer(this.#scratch), this.#arena.pointer(this.#scratch + 32));
    return u32[this.#scratch >> 2]!;
  }
}

/** Address and port into a sockaddr_in at `at`. */
export function writeEndpoint(bytes: Uint8Array, at: number, ipv4: number, port: number): void {
  bytes[at + SOCKADDR_IN.port] = port >>> 8;
  bytes[at + SOCKADDR_IN.port + 1] = port;
  writeIpv4(bytes, at + SOCKADDR_IN.address, ipv4);
}

function writeIpv4(bytes: Uint8Array, at: number, ipv4: number): void {
  bytes[at] = ipv4 >>> 24;
  bytes[at + 1] = ipv4 >>> 16;
  bytes[at + 2] = ipv4 >>> 8;
  bytes[at + 3] = ipv4;
}

function bindError(plan: SocketPlan, number: number): TeredoError {
  const name = errorName(number);
  if (name === 'EADDRINUSE') {
    const holder = holderOfPort(plan.ipv4, plan.port);
    const look = holder === undefined ? `; "sudo ss -lunp sport = :${plan.port}" tells which it is` : '';
    return new TeredoError(
      'TD-PORT-IN-USE',
      `${plan.name}: UDP port ${plan.port} is taken (${name}), ${wordsForHolder(holder)} has it`,
      `${howToStop(holder)}, or choose another port${look}`,
    );
  }
  if (name === 'EADDRNOTAVAIL') {
    return new TeredoError(
      'TD-ADDRESS-NOT-LOCAL',
      `${plan.name}: this host does not have that address (${name})`,
      'give the address to an interface first ("ip address add ADDRESS/32 dev lo"), or name one from "ip -4 address"',
    );
  }
  if (name === 'EACCES') {
    return new TeredoError(
      'TD-PORT-PERMISSION',
      `${plan.name}: no right to port ${plan.port} (${name})`,
      'run as root',
    );
  }
  return new TeredoError('TD-SOCKET', `${plan.name}: cannot bind: ${name}`);
}
