/**
 * Origin indication (RFC 4380 §5.1.1; ledger W-08): the mapped address and port a server saw.
 *   0      1      2             4                   8
 *   | 0x00 | 0x00 | port ^ ffff | IPv4 ^ ffffffff   |
 */

import { readI32, readU16, writeI32, writeU16 } from './bytes.ts';

export const LENGTH = 8;
const PORT = 2;
const IPV4 = 4;

/** Whether an origin indication starts at `at` and ends by `end`. */
export function fits(bytes: Uint8Array, at: number, end: number): boolean {
  return at + LENGTH <= end && bytes[at] === 0 && bytes[at + 1] === 0;
}

export function port(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + PORT) ^ 0xffff;
}

/** As an int32. */
export function ipv4(bytes: Uint8Array, at: number): number {
  return ~readI32(bytes, at + IPV4);
}

export function emit(bytes: Uint8Array, at: number, mappedIpv4: number, mappedPort: number): number {
  writeU16(bytes, at, 0);
  writeU16(bytes, at + PORT, mappedPort ^ 0xffff);
  writeI32(bytes, at + IPV4, ~mappedIpv4);
  return at + LENGTH;
}
