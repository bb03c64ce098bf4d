import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TeredoError } from '../../errors.ts';
import {
  AF_INET6,
  ICMP6_FILTER,
  IPPROTO_ICMPV6,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SO_BINDTODEVICE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCKADDR_IN6,
  SOL_SOCKET,
} from './abi.ts';
import { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { close, errno, read, sendto, setsockopt, socket } from './libc.ts';

/** Echo messages of ICMPv6 (RFC 4443 §4): type, code, checksum, identifier, sequence number, then data. */
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const HEADER = 8;
/** What tells one request from all others: nobody who has not seen it can answer it. */
const TOKEN = 16;
const LENGTH = HEADER + TOKEN;
/** How often the socket is looked at while an answer is awaited: a test may take milliseconds more than the echo. */
const LOOK_MS = 20;
const OCTETS = 4_096;
const RECEIVED_MAX = 1_500;

/**
 * Echo requests of the host's own, through one interface whatever the routes say.
 *
 * Opening takes rights that a process may give up afterwards. The kernel chooses the source address, and what comes
 * back must come back by the same interface.
 */
export class EchoSocket {
  readonly #fd: number;
  readonly #arena = new Arena(OCTETS);
  readonly #request = this.#arena.take(LENGTH);
  readonly #address = this.#arena.take(SOCKADDR_IN6.length);
  readonly #received = this.#arena.take(RECEIVED_MAX);
  /** By their tokens, in hex. Bounded by the requests that one test makes. */
  readonly #waiting = new Map<string, () => void>();
  #sequence = 0;
  #isLooking = false;
  #isClosed = false;

  /** Errors: TeredoError when the system grants neither a raw socket nor one for echoes alone. */
  constructor() {
    this.#fd = openSocket();
    // A socket for echoes alone hears nothing else anyway, and knows no filter.
    const filter = this.#arena.take(32);
    this.#arena.bytes.fill(0xff, filter, filter + 32);
    this.#arena.u32[(filter >> 2) + (ECHO_REPLY >> 5)]! &= ~(1 << (ECHO_REPLY & 31));
    setsockopt(this.#fd, IPPROTO_ICMPV6, ICMP6_FILTER, this.#arena.pointer(filter), 32);
  }

  /** From now on through this interface alone. Errors: TeredoError when it is not there. */
  bindTo(interfaceName: string): void {
    const name = this.#arena.take(16);
    this.#arena.bytes.set(new TextEncoder().encode(interfaceName), name);
    if (setsockopt(this.#fd, SOL_SOCKET, SO_BINDTODEVICE, this.#arena.pointer(name), 16) === 0) return;
    throw new TeredoError('TD-ECHO', `cannot send echo requests into ${interfaceName}: ${errorName(errno())}`);
  }

  /**
   * Asks one address for an echo.
   *
   * Units:  16 octets of address; milliseconds.
   * Shape:  undefined when the echo came, otherwise why not.
   */
  async ask(address: Uint8Array, patienceMs: number): Promise<string | undefined> {
    if (this.#isClosed) return 'the socket is closed';
    const token = randomBytes(TOKEN);
    const key = token.toString('hex');
    const patience = new AbortController();
    const echo = new Promise<undefined>((resolve) => this.#waiting.set(key, () => resolve(undefined)));
    try {
      const refused = this.#send(address, token);
      if (refused !== undefined) return refused;
      void this.#look();
      const silence = delay(patienceMs, `none came within ${patienceMs / 1_000} s`, { signal: patience.signal });
      return await Promise.race([echo, silence.catch(() => undefined)]);
    } finally {
      patience.abort();
      this.#waiting.delete(key);
    }
  }

  /** Whoever still waits gets no echo any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.clear();
    close(this.#fd);
  }

  /** What the system says against it. */
  #send(address: Uint8Array, token: Uint8Array): string | undefined {
    const { bytes, view, u16 } = this.#arena;
    bytes.fill(0, this.#request, this.#request + HEADER);
    bytes[this.#request] = ECHO_REQUEST;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    view.setUint16(this.#request + 4, process.pid & 0xffff);
    view.setUint16(this.#request + 6, this.#sequence);
    bytes.set(token, this.#request + HEADER);
    u16[this.#address >> 1] = AF_INET6;
    bytes.set(address, this.#address + SOCKADDR_IN6.address);
    const [request, to] = [this.#arena.pointer(this.#request), this.#arena.pointer(this.#address)];
    // The kernel fills in the checksum: it alone knows the source address (RFC 3542 §3.1).
    const sent = sendto(this.#fd, request, LENGTH, MSG_DONTWAIT | MSG_NOSIGNAL, to, SOCKADDR_IN6.length);
    return sent < 0 ? `the system does not send it (${errorName(errno())})` : undefined;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#waiting.size > 0 && !this.#isClosed) {
      this.#takeIn();
      await delay(LOOK_MS);
    }
    this.#isLooking = false;
  }

  #takeIn(): void {
    const { bytes } = this.#arena;
    const at = this.#received;
    for (;;) {
      const length = read(this.#fd, this.#arena.pointer(at), RECEIVED_MAX);
      if (length <= 0) return;
      if (length !== LENGTH || bytes[at] !== ECHO_REPLY) continue;
      this.#waiting.get(Buffer.from(bytes.subarray(at + HEADER, at + LENGTH)).toString('hex'))?.();
    }
  }
}

/** Raw with the right to it; otherwise the kind that "sysctl net.ipv4.ping_group_range" grants. */
function openSocket(): number {
  for (const type of [SOCK_RAW, SOCK_DGRAM]) {
    const fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);
    if (fd >= 0) return fd;
  }
  throw new TeredoError(
    'TD-ECHO',
    `cannot open a socket for echo requests: ${errorName(errno())}`,
    'run with CAP_NET_RAW, or: sysctl -w net.ipv4.ping_group_range="0 2147483647"',
  );
}
