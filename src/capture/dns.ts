/** As much of DNS (RFC 1035 §4) as the story of a capture needs: the question, and the addresses of the answer. */

import { readI32, readU16 } from '../wire/bytes.ts';
import { formatIpv4, formatIpv6 } from '../wire/text.ts';

export const PORT = 53;
export const TYPE_A = 1;
export const TYPE_AAAA = 28;

export interface DnsMessage {
  readonly isResponse: boolean;
  readonly name: string;
  readonly type: number;
  /** Addresses of the type that was asked for, as text. */
  readonly addresses: readonly string[];
}

const HEADER_LENGTH = 12;
const CLASS_IN = 1;
/** RFC 1035 §2.3.4. */
const NAME_LENGTH_MAX = 255;
/** More answers than this do not fit a datagram. */
const ANSWERS_MAX = 128;

/** Reads a message with one question; undefined: it is none. Never throws and never reads past the end. */
export function parse(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < HEADER_LENGTH || readU16(bytes, 4) !== 1) return undefined;
  const question = readName(bytes, HEADER_LENGTH);
  if (question === undefined || question.end + 4 > bytes.length || readU16(bytes, question.end + 2) !== CLASS_IN) {
    return undefined;
  }
  const type = readU16(bytes, question.end);
  const isResponse = (bytes[2]! & 0x80) !== 0;
  const addresses = isResponse ? readAddresses(bytes, question.end + 4, type) : [];
  return { isResponse, name: question.name, type, addresses };
}

function readAddresses(bytes: Uint8Array, start: number, wanted: number): string[] {
  const found: string[] = [];
  let at = start;
  for (let left = Math.min(readU16(bytes, 6), ANSWERS_MAX); left > 0; left--) {
    const name = readName(bytes, at);
    if (name === undefined || name.end + 10 > bytes.length) break;
    const type = readU16(bytes, name.end);
    const length = readU16(bytes, name.end + 8);
    const data = name.end + 10;
    if (data + length > bytes.length) break;
    if (type === wanted && type === TYPE_A && length === 4) found.push(formatIpv4(readI32(bytes, data)));
    if (type === wanted && type === TYPE_AAAA && length === 16) found.push(formatIpv6(bytes, data));
    at = data + length;
  }
  return found;
}

/** A name at `at`, compression pointers followed backwards only, so that it always ends. */
function readName(bytes: Uint8Array, at: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let here = at;
  let end = -1;
  let length = 0;
  for (;;) {
    if (here >= bytes.length) return undefined;
    const octet = bytes[here]!;
    if (octet === 0) return { name: labels.join('.') || '.', end: end < 0 ? here + 1 : end };
    if (octet >>> 6 === 3) {
      if (here + 2 > bytes.length) return undefined;
      const target = readU16(bytes, here) & 0x3fff;
      if (target >= here) return undefined;
      if (end < 0) end = here + 2;
      here = target;
    } else if (octet >>> 6 === 0) {
      length += octet + 1;
      if (here + 1 + octet > bytes.length || length > NAME_LENGTH_MAX) return undefined;
      labels.push(printable(bytes.subarray(here + 1, here + 1 + octet)));
      here += 1 + octet;
    } else {
      return undefined;
    }
  }
}

/** A name comes from a stranger and goes to a terminal: nothing but printable ASCII passes. */
function printable(label: Uint8Array): string {
  let text = '';
  for (const byte of label) text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  return text;
}
