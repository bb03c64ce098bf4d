import type { Batch } from '../../batch/batch.ts';
import { copy, readU16, writeU16 } from '../../wire/bytes.ts';
import * as checksum from '../../wire/checksum.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import type { Identity } from './identity.ts';

/** Where the checksum is, from the start of the upper layer. */
const CHECKSUM_AT: Readonly<Record<number, number>> = {
  [ipv6.NEXT_TCP]: 16,
  [ipv6.NEXT_UDP]: 6,
  [ipv6.NEXT_ICMPV6]: 2,
};

const FLOWS_MAX = 1024;
/** A flow that was silent for so long has ended: RFC 5382 §5 for TCP, RFC 4787 §4.3 for the others, in ms. */
const TCP_LIFETIME_MS = 7_440_000;
const OTHER_LIFETIME_MS = 300_000;

/**
 * Flows that the host began from the provisional address of a dormant client, whose real address turned out to be
 * another: their packets leave with the real address, and what answers them comes back to the provisional one. To the
 * peer it is a flow like any other; to the program on this host too.
 *
 * Only packets whose answers can be told apart are rewritten: TCP, UDP and ICMPv6 echo right behind the header, and the
 * ICMPv6 errors about them. Bounded by `FLOWS_MAX`, least recently used out first.
 */
export class ProvisionalFlows {
  /** 16 octets; all zero while there is none, or it is the real one. */
  readonly address = new Uint8Array(16);
  readonly #identity: Identity;
  /** Last use by flow; the order is that of use. */
  readonly #flows = new Map<string, number>();
  #hasAddress = false;
  /** The instant of the last call: packets of our own come without one. */
  now = 0;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** Whether packets must be looked at. */
  get isActive(): boolean {
    return this.#hasAddress;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** The host may use this address before the client has one; earlier flows have ended. */
  begin(address: Uint8Array): void {
    this.#flows.clear();
    this.#hasAddress = true;
    this.address.set(address);
  }

  /** The client is qualified: nothing is to be done if it has the address already. */
  settle(): void {
    if (ipv6.sameAddress(this.address, 0, this.#identity.address, 0)) this.end();
  }

  end(): void {
    this.#flows.clear();
    this.#hasAddress = false;
    this.address.fill(0);
  }

  /** Packets of the host, before they leave. A qualified client only. */
  transmit(batch: Batch, now: number): void {
    this.now = now;
    const { bytes, start, length, segment } = batch;
    for (let slot = 0; slot < batch.count; slot++) {
      const at = start[slot]!;
      if (length[slot]! < ipv6.LENGTH || bytes[at]! >>> 4 !== 6) continue;
      const flow = flowOf(bytes, at, at + length[slot]!, true);
      if (flow === undefined) continue;
      if (!ipv6.sameAddress(bytes, at + ipv6.SOURCE, this.address, 0)) {
        this.#flows.delete(flow); // its ports are another's now, who has the real address
      } else {
        this.#use(flow, now);
        rewrite(bytes, at, at + ipv6.SOURCE, this.#identity.address, segment[slot]! > 0);
      }
    }
  }

  /** Packets for the host from slot `first` on, before it gets them. */
  receive(batch: Batch, now: number, first = 0): void {
    this.now = now;
    const { bytes, start, length } = batch;
    if (this.#flows.size === 0) return;
    for (let slot = first; slot < batch.count; slot++) {
      const at = start[slot]!;
      const end = at + length[slot]!;
      if (length[slot]! < ipv6.LENGTH) continue;
      const quotedAt = quotedIn(bytes, at, end);
      const flow = quotedAt < 0 ? flowOf(bytes, at, end, false) : flowOf(bytes, quotedAt, end, true);
      if (flow === undefined || !this.#isAlive(flow, now)) continue;
      this.#use(flow, now);
      if (quotedAt >= 0) this.#rewriteQuoted(bytes, at, quotedAt, end);
      rewrite(bytes, at, at + ipv6.DESTINATION, this.address, false);
    }
  }

  #isAlive(flow: string, now: number): boolean {
    const usedAt = this.#flows.get(flow);
    if (usedAt === undefined) return false;
    const lifetimeMs = flow.startsWith(`${ipv6.NEXT_TCP} `) ? TCP_LIFETIME_MS : OTHER_LIFETIME_MS;
    if (now - usedAt < lifetimeMs) return true;
    this.#flows.delete(flow);
    return false;
  }

  #use(flow: string, now: number): void {
    this.#flows.delete(flow);
    this.#flows.set(flow, now);
    if (this.#flows.size <= FLOWS_MAX) return;
    for (const oldest of this.#flows.keys()) {
      this.#flows.delete(oldest);
      break;
    }
  }

  /** The packet that an error is about was the host's own, with the address that the host gave it. */
  #rewriteQuoted(bytes: Uint8Array, at: number, quotedAt: number, end: number): void {
    const source = quotedAt + ipv6.SOURCE;
    const before = checksum.sum(bytes, quotedAt, end - quotedAt, 0);
    const field = CHECKSUM_AT[bytes[quotedAt + ipv6.NEXT_HEADER]!];
    // As far as the checksum is quoted at all.
    if (field !== undefined && quotedAt + ipv6.LENGTH + field + 2 <= end) {
      rewrite(bytes, quotedAt, source, this.address, false);
    } else {
      copy(this.address, 0, bytes, source, 16);
    }
    replaceSum(bytes, at + checksum.ICMPV6_FIELD, before, checksum.sum(bytes, quotedAt, end - quotedAt, 0));
  }
}

/** What tells a flow from others: protocol, the other end, and ports or the echo's identifier; undefined: nothing does. */
function flowOf(bytes: Uint8Array, at: number, end: number, isOurs: boolean): string | undefined {
  const protocol = bytes[at + ipv6.NEXT_HEADER]!;
  const upper = at + ipv6.LENGTH;
  if (upper + 8 > end || CHECKSUM_AT[protocol] === undefined) return undefined;
  const other = at + (isOurs ? ipv6.DESTINATION : ipv6.SOURCE);
  const address = String.fromCharCode(...bytes.subarray(other, other + 16));
  if (protocol === ipv6.NEXT_ICMPV6) {
    if (bytes[upper] !== (isOurs ? icmpv6.ECHO_REQUEST : icmpv6.ECHO_REPLY)) return undefined;
    return `${protocol} ${address} ${readU16(bytes, upper + 4)}`;
  }
  const source = readU16(bytes, upper);
  const destination = readU16(bytes, upper + 2);
  return `${protocol} ${address} ${isOurs ? source : destination} ${isOurs ? destination : source}`;
}

/** Where the packet begins that an ICMPv6 error is about; -1: this is none. */
function quotedIn(bytes: Uint8Array, at: number, end: number): number {
  const upper = at + ipv6.LENGTH;
  const isError = bytes[at + ipv6.NEXT_HEADER] === ipv6.NEXT_ICMPV6 && upper < end && icmpv6.isError(bytes, at);
  const quotedAt = icmpv6.quotedAt(at);
  return isError && quotedAt + ipv6.LENGTH <= end ? quotedAt : -1;
}

/**
 * Writes another address at `addressAt` and mends the checksum of the upper layer. A super-packet's field holds the sum
 * of the pseudo-header, not its complement.
 */
function rewrite(bytes: Uint8Array, at: number, addressAt: number, address: Uint8Array, isSuper: boolean): void {
  const before = checksum.sum(bytes, addressAt, 16, 0);
  copy(address, 0, bytes, addressAt, 16);
  const after = checksum.sum(bytes, addressAt, 16, 0);
  const protocol = bytes[at + ipv6.NEXT_HEADER]!;
  const field = at + ipv6.LENGTH + CHECKSUM_AT[protocol]!;
  if (isSuper) writeU16(bytes, field, ~checksum.finish(readU16(bytes, field) + negative(before) + after) & 0xffff);
  else replaceSum(bytes, field, before, after);
  // RFC 8200 §8.1: 0 would mean that there is no checksum.
  if (protocol === ipv6.NEXT_UDP && !isSuper && readU16(bytes, field) === 0) writeU16(bytes, field, 0xffff);
}

/** RFC 1624: words of the sum `before` have become words of the sum `after`. */
function replaceSum(bytes: Uint8Array, field: number, before: number, after: number): void {
  writeU16(bytes, field, checksum.adjust(readU16(bytes, field), negative(before) + after));
}

/** What takes a sum away in one's complement. */
function negative(sum: number): number {
  return checksum.finish(sum);
}
