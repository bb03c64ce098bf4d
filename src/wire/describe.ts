/**
 * Any datagram in words: its kind, one line of text, and a tree of fields that point at their octets.
 *
 * Slow path, for people and for captures. Field names are tshark's where tshark has one; `teredo.kind`,
 * `teredo.addr.flags` and `teredo.trailer.*` are added, for it has none.
 */

import * as authentication from './authentication.ts';
import { describeAuthentication, describeOrigin, describeTrailers, type Part } from './describe-indications.ts';
import { describeIpv6 } from './describe-ipv6.ts';
import * as encapsulation from './encapsulation.ts';
import { type Field, field } from './field.ts';
import * as ipv6 from './ipv6.ts';
import { Malformed, malformedName } from './malformed.ts';
import * as origin from './origin.ts';

export { type Field, findField } from './field.ts';

export interface DescribeOptions {
  /** Shows the authentication value too; hidden unless asked for. */
  readonly showAuthenticationValue?: boolean;
}

export interface Description {
  /** "router solicitation", "bubble", "indirect bubble", "echo request", "TCP SYN", "malformed" ... */
  readonly kind: string;
  /** One line: "RS, cone 0, nonce 0102030405060708". */
  readonly summary: string;
  readonly fields: readonly Field[];
  /** Why the bytes are no Teredo datagram; undefined: they are one. */
  readonly malformed?: Malformed;
}

const NOTHING: Part = { fields: [], words: [] };
/** The RFCs' short names, for the summary. */
const SHORT_NAMES: Readonly<Record<string, string>> = { 'router solicitation': 'RS', 'router advertisement': 'RA' };

/**
 * Describes the datagram between `at` and `end`.
 *
 * Shape:  a bubble with an origin indication came through a server, so it is called indirect; without one the
 *         octets do not tell.
 * Errors: none; what is malformed is described as far as it goes.
 */
export function describe(bytes: Uint8Array, at = 0, end = bytes.length, options: DescribeOptions = {}): Description {
  const parts = encapsulation.parse(bytes, at, end);
  if (typeof parts === 'number') return describeMalformed(bytes, at, end, parts, options);
  const { authenticationAt, originAt, packetAt, packetEnd } = parts;
  const authenticationPart = authenticationAt < 0 ? NOTHING : describeAuthentication(bytes, authenticationAt, options);
  const originPart = originAt < 0 ? NOTHING : describeOrigin(bytes, originAt);
  const trailers = describeTrailers(bytes, packetEnd, end);
  const packet = describeIpv6(bytes, packetAt, packetEnd);
  const kind = packet.upper.kind === 'bubble' && originAt >= 0 ? 'indirect bubble' : packet.upper.kind;
  const short = SHORT_NAMES[kind];
  // Router discovery is about the server and the mapping: its link-local addresses would only be in the way.
  const first = short === undefined ? [packet.summary] : [short, ...packet.upper.details];
  const header = field('teredo', 'Teredo', kind, at, end - at, [
    field('teredo.kind', 'Kind', kind, at, end - at),
    ...authenticationPart.fields,
    ...originPart.fields,
  ]);
  return {
    kind,
    summary: [...first, ...originPart.words, ...authenticationPart.words, ...trailers.words].join(', '),
    fields: [header, ...packet.fields, ...trailers.fields],
  };
}

/** Describes an IPv6 packet that travels without a tunnel. Never throws. */
export function describePacket(bytes: Uint8Array, at = 0, end = bytes.length): Description {
  if (!ipv6.fits(bytes, at, end)) {
    const malformed = at + ipv6.LENGTH > end ? Malformed.Truncated : Malformed.Ipv6Length;
    return { kind: 'malformed', summary: malformedSummary(malformed, end - at), fields: rest(at, end), malformed };
  }
  const packet = describeIpv6(bytes, at, at + ipv6.packetLength(bytes, at));
  return { kind: packet.upper.kind, summary: packet.summary, fields: packet.fields };
}

function describeMalformed(
  bytes: Uint8Array,
  at: number,
  end: number,
  malformed: Malformed,
  options: DescribeOptions,
): Description {
  const fields: Field[] = [];
  let here = at;
  if (authentication.fits(bytes, here, end)) {
    fields.push(...describeAuthentication(bytes, here, options).fields);
    here += authentication.length(bytes, here);
  }
  if (origin.fits(bytes, here, end)) {
    fields.push(...describeOrigin(bytes, here).fields);
    here += origin.LENGTH;
  }
  const kind = malformed === Malformed.NotTeredo && here === at ? 'not Teredo' : 'malformed';
  const header = field('teredo', 'Teredo', kind, at, end - at, [
    field('teredo.kind', 'Kind', kind, at, end - at),
    ...fields,
  ]);
  return { kind, summary: malformedSummary(malformed, end - at), fields: [header, ...rest(here, end)], malformed };
}

function malformedSummary(malformed: Malformed, length: number): string {
  return `malformed: ${malformedName(malformed)}, ${length} octets`;
}

function rest(at: number, end: number): Field[] {
  return end > at ? [field('data', 'Data', `${end - at} octets`, at, end - at)] : [];
}
