/**
 * Trailers (RFC 6081 §4; ledger W-17, W-20 to W-24): behind the IPv6 packet, back to back, in clear, to the end of the datagram.
 *   0      1        2
 *   | type | length | value (length octets) | ...
 *   nonce 01 04: 4 octets            alternate address 03 08/0e/14/1a: 00 00, then IPv4 (4) port (2) each
 *   neighbor discovery 04 04: 00 solicitation or 01 advertisement, three zeros     random port 05 02: port
 */

import { readI32, readU16, writeI32, writeU16 } from './bytes.ts';
import { Malformed } from './malformed.ts';

export const NONCE = 1;
export const ALTERNATE_ADDRESS = 3;
export const NEIGHBOR_DISCOVERY = 4;
/** 5, not the 2 of the RFC's IANA table (erratum 2685; seen on the wire). */
export const RANDOM_PORT = 5;

/**
 * Our own, of the class that others skip: the IPv4 address of the sender's server. With the interface identifier of a
 * link-local source it makes up the sender's Teredo address (ledger M-1).
 */
export const SERVER_ADDRESS = 0x81;

/** RFC 6081 §4.3: at most four entries. */
export const ALTERNATES_MAX = 4;

export interface AlternateAddress {
  readonly ipv4: number;
  readonly port: number;
}

export interface Trailers {
  /** The 4-octet nonce as an int32. */
  readonly nonce?: number;
  readonly alternates?: readonly AlternateAddress[];
  readonly discovery?: 'solicitation' | 'advertisement';
  readonly randomPort?: number;
  /** An int32. */
  readonly server?: number;
  /** Types that were skipped: unknown, or known with an impossible value. */
  readonly skipped: readonly number[];
  /** RFC 6081 §5.1.2: reading stopped before the end of the datagram. */
  readonly isMalformed: boolean;
}

const NONE: Trailers = { skipped: [], isMalformed: false };

/**
 * Reads all trailers between `at` and `end`.
 *
 * Shape:  the first of two trailers of one type counts. Malformed: what was read so far is kept (ledger W-19).
 * Errors: TrailerDiscard for an unknown type 0x40 to 0x7f (ledger W-18), TrailerAlternate for an alternate address
 *         trailer of impossible length (ledger EXT-52): the packet is not to be used.
 * Source: RFC 6081 §4.1, §5.1.2.
 */
export function parse(bytes: Uint8Array, at: number, end: number): Trailers | Malformed {
  if (at === end) return NONE;
  const found: { -readonly [K in keyof Trailers]: Trailers[K] } & { skipped: number[] } = {
    skipped: [],
    isMalformed: false,
  };
  let here = at;
  while (here < end) {
    if (here + 2 > end || here + 2 + bytes[here + 1]! > end) {
      found.isMalformed = true;
      break;
    }
    const type = bytes[here]!;
    const length = bytes[here + 1]!;
    const value = here + 2;
    if (type === NONCE && length === 4) {
      found.nonce ??= readI32(bytes, value);
    } else if (type === ALTERNATE_ADDRESS) {
      const entries = (length - 2) / 6;
      if (entries < 1 || entries > ALTERNATES_MAX || !Number.isInteger(entries)) return Malformed.TrailerAlternate;
      found.alternates ??= readAlternates(bytes, value + 2, entries);
    } else if (type === NEIGHBOR_DISCOVERY && length === 4 && bytes[value]! <= 1) {
      found.discovery ??= bytes[value] === 0 ? 'solicitation' : 'advertisement';
    } else if (type === RANDOM_PORT && length === 2) {
      found.randomPort ??= readU16(bytes, value);
    } else if (type === SERVER_ADDRESS && length === 4) {
      found.server ??= readI32(bytes, value);
    } else if (isKnown(type)) {
      found.skipped.push(type);
    } else if ((type & 0xc0) === 0x40) {
      return Malformed.TrailerDiscard;
    } else {
      found.skipped.push(type);
    }
    here = value + length;
  }
  return found;
}

export function emitNonce(bytes: Uint8Array, at: number, nonce: number): number {
  writeU16(bytes, at, (NONCE << 8) | 4);
  writeI32(bytes, at + 2, nonce);
  return at + 6;
}

export function emitAlternates(bytes: Uint8Array, at: number, entries: readonly AlternateAddress[]): number {
  writeU16(bytes, at, (ALTERNATE_ADDRESS << 8) | (2 + 6 * entries.length));
  writeU16(bytes, at + 2, 0);
  let here = at + 4;
  for (const entry of entries) {
    writeI32(bytes, here, entry.ipv4);
    writeU16(bytes, here + 4, entry.port);
    here += 6;
  }
  return here;
}

export function emitDiscovery(bytes: Uint8Array, at: number, kind: 'solicitation' | 'advertisement'): number {
  writeU16(bytes, at, (NEIGHBOR_DISCOVERY << 8) | 4);
  writeI32(bytes, at + 2, kind === 'solicitation' ? 0 : 0x01000000);
  return at + 6;
}

export function emitRandomPort(bytes: Uint8Array, at: number, port: number): number {
  writeU16(bytes, at, (RANDOM_PORT << 8) | 2);
  writeU16(bytes, at + 2, port);
  return at + 4;
}

export function emitServerAddress(bytes: Uint8Array, at: number, ipv4: number): number {
  writeU16(bytes, at, (SERVER_ADDRESS << 8) | 4);
  writeI32(bytes, at + 2, ipv4);
  return at + 6;
}

function isKnown(type: number): boolean {
  return type === NONCE || type === NEIGHBOR_DISCOVERY || type === RANDOM_PORT;
}

function readAlternates(bytes: Uint8Array, at: number, count: number): AlternateAddress[] {
  return Array.from({ length: count }, (_, i) => ({
    ipv4: readI32(bytes, at + 6 * i),
    port: readU16(bytes, at + 6 * i + 4),
  }));
}
