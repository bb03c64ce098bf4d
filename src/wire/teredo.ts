/**
 * Teredo address (RFC 4380 §4, RFC 5991 §3.1; ledger W-01, W-02).
 *   0           4        8       10            12              16
 *   | 2001:0000 | server | flags | port ^ ffff | IPv4 ^ ffffffff |
 *
 * flags, high bit first: C z RRRR U G RRRRRRRR; C cone (obsolete in clients), z U G zero, R random.
 */

import { readI32, readU16, writeI32, writeU16 } from './bytes.ts';

export const LENGTH = 16;
export const SERVER = 4;
export const FLAGS = 8;
export const PORT = 10;
export const IPV4 = 12;

/** 2001:0000::/32 as an int32. */
export const SERVICE_PREFIX = 0x20010000;
export const FLAG_CONE = 0x8000;
/** RFC 5991 §3.1: the twelve bits a client draws at random. */
export const FLAGS_RANDOM = 0x3cff;

export function isTeredo(bytes: Uint8Array, at: number): boolean {
  return readI32(bytes, at) === SERVICE_PREFIX;
}

/** The IPv4 address of the server the client uses, as an int32. */
export function server(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at + SERVER);
}

export function flags(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + FLAGS);
}

export function port(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + PORT) ^ 0xffff;
}

/** The mapped IPv4 address as an int32. */
export function ipv4(bytes: Uint8Array, at: number): number {
  return ~readI32(bytes, at + IPV4);
}

/** Whether this is a Teredo address that names just this mapped address and port. */
export function embeds(bytes: Uint8Array, at: number, mappedIpv4: number, mappedPort: number): boolean {
  return (
    readI32(bytes, at) === SERVICE_PREFIX &&
    readI32(bytes, at + IPV4) === ~mappedIpv4 &&
    readU16(bytes, at + PORT) === (mappedPort ^ 0xffff)
  );
}

export function emit(
  bytes: Uint8Array,
  at: number,
  serverIpv4: number,
  flagBits: number,
  mappedIpv4: number,
  mappedPort: number,
): number {
  writeI32(bytes, at, SERVICE_PREFIX);
  writeI32(bytes, at + SERVER, serverIpv4);
  writeU16(bytes, at + FLAGS, flagBits);
  writeU16(bytes, at + PORT, mappedPort ^ 0xffff);
  writeI32(bytes, at + IPV4, ~mappedIpv4);
  return at + LENGTH;
}

/** The link-local address of a node with this mapping: fe80::/64, then flags, port and IPv4 as above (ledger W-05). */
export function emitLinkLocal(bytes: Uint8Array, at: number, flagBits: number, ipv4: number, port: number): number {
  writeI32(bytes, at, 0xfe800000 | 0);
  writeI32(bytes, at + 4, 0);
  writeU16(bytes, at + FLAGS, flagBits);
  writeU16(bytes, at + PORT, port ^ 0xffff);
  writeI32(bytes, at + IPV4, ~ipv4);
  return at + LENGTH;
}
