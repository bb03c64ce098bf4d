/**
 * Authentication (RFC 4380 §5.1.1; ledger W-09). Nothing in it is obfuscated.
 *   0      1      2        3        4           4 + I   4 + I + A   + 8            + 1
 *   | 0x00 | 0x01 | I (ID) | A (AU) | client id | value | nonce     | confirmation |
 */

import { copy, readI32, writeU16 } from './bytes.ts';

/** Octets without identifier and value. */
export const LENGTH_MIN = 13;
export const NONCE_LENGTH = 8;
const IDENTIFIER_LENGTH = 2;
const VALUE_LENGTH = 3;
const IDENTIFIER = 4;

/** Whether a whole authentication header starts at `at` and ends by `end`. */
export function fits(bytes: Uint8Array, at: number, end: number): boolean {
  return at + LENGTH_MIN <= end && bytes[at] === 0 && bytes[at + 1] === 1 && at + length(bytes, at) <= end;
}

/** Octets of the whole header. */
export function length(bytes: Uint8Array, at: number): number {
  return LENGTH_MIN + bytes[at + IDENTIFIER_LENGTH]! + bytes[at + VALUE_LENGTH]!;
}

/** Whether the header at `at` has neither identifier nor value: what a client sends that is known to nobody. */
export function isEmpty(bytes: Uint8Array, at: number): boolean {
  return readI32(bytes, at) === 0x00010000;
}

export function identifier(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at + IDENTIFIER, at + IDENTIFIER + bytes[at + IDENTIFIER_LENGTH]!);
}

export function value(bytes: Uint8Array, at: number): Uint8Array {
  const start = at + IDENTIFIER + bytes[at + IDENTIFIER_LENGTH]!;
  return bytes.subarray(start, start + bytes[at + VALUE_LENGTH]!);
}

/** The offset of the 8-octet nonce. */
export function nonceAt(bytes: Uint8Array, at: number): number {
  return at + length(bytes, at) - 1 - NONCE_LENGTH;
}

/** Copies the nonce of an empty header into another one. */
export function copyNonce(from: Uint8Array, atFrom: number, to: Uint8Array, atTo: number): void {
  copy(from, atFrom + IDENTIFIER, to, atTo + IDENTIFIER, NONCE_LENGTH);
}

/** 0: the key is still good; anything else: the client must get a new one (RFC 4380 §5.2.2). */
export function confirmation(bytes: Uint8Array, at: number): number {
  return bytes[at + length(bytes, at) - 1]!;
}

/** Writes the header and returns the next offset. */
export function emit(
  bytes: Uint8Array,
  at: number,
  clientIdentifier: Uint8Array,
  authenticationValue: Uint8Array,
  nonce: Uint8Array,
  atNonce: number,
  confirmationByte: number,
): number {
  writeU16(bytes, at, 1);
  bytes[at + IDENTIFIER_LENGTH] = clientIdentifier.length;
  bytes[at + VALUE_LENGTH] = authenticationValue.length;
  bytes.set(clientIdentifier, at + IDENTIFIER);
  bytes.set(authenticationValue, at + IDENTIFIER + clientIdentifier.length);
  const end = at + IDENTIFIER + clientIdentifier.length + authenticationValue.length;
  for (let i = 0; i < NONCE_LENGTH; i++) bytes[end + i] = nonce[atNonce + i]!;
  bytes[end + NONCE_LENGTH] = confirmationByte;
  return end + NONCE_LENGTH + 1;
}

/**
 * The octets that the authentication value covers: nonce, confirmation byte, then all that follows the header
 * (origin indication, IPv6 packet), without padding.
 *
 * Shape:  `end` is the end of the IPv6 packet; trailers are not covered.
 * Source: RFC 4380 §5.2.2 and erratum 107; ledger CLI-23.
 */
export function covered(bytes: Uint8Array, at: number, end: number): Uint8Array {
  return bytes.slice(nonceAt(bytes, at), end);
}
