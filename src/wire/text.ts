/** Addresses as people write them. Slow path only. */

import { readU16, writeU16 } from './bytes.ts';

/** "192.0.2.1" from an int32. */
export function formatIpv4(ipv4: number): string {
  return `${ipv4 >>> 24}.${(ipv4 >>> 16) & 0xff}.${(ipv4 >>> 8) & 0xff}.${ipv4 & 0xff}`;
}

/** The int32 of a dotted quad without leading zeros; undefined: it is not one. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8) | Number(part);
  }
  return value;
}

/** RFC 5952: lower case, the longest run of two or more zero groups as "::". */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  const groups = Array.from({ length: 8 }, (_, i) => readU16(bytes, at + 2 * i));
  let [longestAt, longest] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (groups[i + run] === 0) run++;
    if (run > longest) [longestAt, longest] = [i, run];
    i += run;
  }
  const hex = groups.map((group) => group.toString(16));
  if (longestAt < 0) return hex.join(':');
  return `${hex.slice(0, longestAt).join(':')}::${hex.slice(longestAt + longest).join(':')}`;
}

/** The 16 octets of an IPv6 address (a dotted quad may end it; no zone); undefined: it is not one. */
export function parseIpv6(text: string): Uint8Array | undefined {
  let rest = text;
  const quad = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (quad) {
    const ipv4 = parseIpv4(quad[2]!);
    if (ipv4 === undefined) return undefined;
    rest = `${quad[1]}${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]?];
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = tail === undefined ? head : [...head, ...Array<string>(missing).fill('0'), ...tail];
  const bytes = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    writeU16(bytes, 2 * i, Number.parseInt(group, 16));
  }
  return bytes;
}

/** "192.0.2.1:3544". */
export function formatEndpoint(ipv4: number, port: number): string {
  return `${formatIpv4(ipv4)}:${port}`;
}

export function formatHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Octets from hex digits, white space and colons between octets allowed; undefined: it is not hex. */
export function parseHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
