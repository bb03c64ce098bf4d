/** The fields of an IPv6 packet, named as tshark names them. */

import { readI32, readU16 } from './bytes.ts';
import { addressField } from './describe-address.ts';
import { describeIcmpv6 } from './describe-icmpv6.ts';
import { describeTcp, describeUdp } from './describe-transport.ts';
import { type Field, field, hex } from './field.ts';
import * as ipv6 from './ipv6.ts';
import { ALL_NODES } from './neighbor-discovery.ts';
import * as teredo from './teredo.ts';
import { formatIpv6 } from './text.ts';

/** What a packet carries behind its headers: the kind of it, words for the summary, and fields. */
export interface Upper {
  readonly kind: string;
  /** How the summary begins, without the addresses: "TCP SYN". */
  readonly words: string;
  /** What follows the addresses: ["id 1", "8 octets"]. */
  readonly details: readonly string[];
  /** Set when ports belong to the addresses: "[2001:db8::1]:80". */
  readonly ports?: readonly [number, number];
  readonly fields: readonly Field[];
}

export interface PacketDescription {
  readonly upper: Upper;
  readonly summary: string;
  readonly fields: readonly Field[];
}

const EXTENSIONS: Readonly<Record<number, readonly [name: string, label: string]>> = {
  [ipv6.NEXT_HOP_BY_HOP]: ['ipv6.hopopts', 'Hop-by-hop options'],
  [ipv6.NEXT_ROUTING]: ['ipv6.routing', 'Routing header'],
  [ipv6.NEXT_FRAGMENT]: ['ipv6.fraghdr', 'Fragment header'],
  [ipv6.NEXT_DESTINATION_OPTIONS]: ['ipv6.dstopts', 'Destination options'],
};

/** Describes the packet at `at`, which ends at `end`; the caller has asked `ipv6.fits`. */
export function describeIpv6(bytes: Uint8Array, at: number, end: number): PacketDescription {
  const first = readI32(bytes, at);
  const extensions: Field[] = [];
  const { next, here, isLaterFragment } = walkExtensions(bytes, at, end, extensions);
  const upper = isLaterFragment ? laterFragment(bytes, here, end) : describeUpper(bytes, at, here, end, next);
  const [source, destination] = [formatIpv6(bytes, at + ipv6.SOURCE), formatIpv6(bytes, at + ipv6.DESTINATION)];
  const header = field('ipv6', 'IPv6', `${source} > ${destination}`, at, here - at, [
    field('ipv6.version', 'Version', first >>> 28, at, 1),
    field('ipv6.tclass', 'Traffic class', hex((first >>> 20) & 0xff, 1), at, 2),
    field('ipv6.flow', 'Flow label', hex(first & 0xfffff, 3), at + 1, 3),
    field('ipv6.plen', 'Payload length', ipv6.payloadLength(bytes, at), at + ipv6.PAYLOAD_LENGTH, 2),
    field('ipv6.nxt', 'Next header', bytes[at + ipv6.NEXT_HEADER]!, at + ipv6.NEXT_HEADER, 1),
    field('ipv6.hlim', 'Hop limit', bytes[at + ipv6.HOP_LIMIT]!, at + ipv6.HOP_LIMIT, 1),
    addressField('ipv6.src', 'Source', bytes, at + ipv6.SOURCE),
    addressField('ipv6.dst', 'Destination', bytes, at + ipv6.DESTINATION),
    ...extensions,
  ]);
  const names =
    upper.ports === undefined
      ? `${source} > ${destination}`
      : `[${source}]:${upper.ports[0]} > [${destination}]:${upper.ports[1]}`;
  return {
    upper,
    summary: [`${upper.words} ${names}`, ...upper.details].join(', '),
    fields: [header, ...upper.fields],
  };
}

function walkExtensions(bytes: Uint8Array, at: number, end: number, fields: Field[]) {
  let next = ipv6.nextHeader(bytes, at);
  let here = at + ipv6.LENGTH;
  for (let names = EXTENSIONS[next]; names !== undefined && here + 8 <= end; names = EXTENSIONS[next]) {
    const length = next === ipv6.NEXT_FRAGMENT ? 8 : 8 + 8 * bytes[here + 1]!;
    if (here + length > end) break;
    const children = [field(`${names[0]}.nxt`, 'Next header', bytes[here]!, here, 1)];
    if (next === ipv6.NEXT_ROUTING) {
      children.push(
        field('ipv6.routing.type', 'Type', bytes[here + 2]!, here + 2, 1),
        field('ipv6.routing.segleft', 'Segments left', bytes[here + 3]!, here + 3, 1),
      );
    }
    const isLaterFragment = next === ipv6.NEXT_FRAGMENT && readU16(bytes, here + 2) >>> 3 !== 0;
    if (next === ipv6.NEXT_FRAGMENT) {
      const word = readU16(bytes, here + 2);
      children.push(
        field('ipv6.fraghdr.offset', 'Offset', 8 * (word >>> 3), here + 2, 2),
        field('ipv6.fraghdr.more', 'More fragments', word & 1, here + 3, 1),
        field('ipv6.fraghdr.ident', 'Identification', hex(readI32(bytes, here + 4), 4), here + 4, 4),
      );
    }
    fields.push(field(names[0], names[1], `${length} octets`, here, length, children));
    next = bytes[here]!;
    here += length;
    if (isLaterFragment) return { next, here, isLaterFragment };
  }
  return { next, here, isLaterFragment: false };
}

/** `here` is the offset behind the last header of IPv6 itself. */
function describeUpper(bytes: Uint8Array, at: number, here: number, end: number, next: number): Upper {
  switch (next) {
    case ipv6.NEXT_NONE:
      return describeNone(bytes, at, here, end);
    case ipv6.NEXT_ICMPV6:
      return describeIcmpv6(bytes, at, here, end);
    case ipv6.NEXT_TCP:
      return describeTcp(bytes, here, end);
    case ipv6.NEXT_UDP:
      return describeUdp(bytes, here, end);
    default: {
      const kind = `IPv6 next header ${next}`;
      return { kind, words: kind, details: octets(end - here), fields: data(here, end) };
    }
  }
}

/** RFC 4380 §2.8: no payload is a bubble; RFC 4380 §5.2.8: one to all nodes is a local discovery bubble. */
function describeNone(bytes: Uint8Array, at: number, here: number, end: number): Upper {
  if (!ipv6.isBubble(bytes, at)) {
    const kind = 'IPv6 without next header';
    return { kind, words: kind, details: octets(end - here), fields: data(here, end) };
  }
  const isDiscovery =
    ipv6.sameAddress(bytes, at + ipv6.DESTINATION, ALL_NODES, 0) && teredo.isTeredo(bytes, at + ipv6.SOURCE);
  const kind = isDiscovery ? 'discovery bubble' : 'bubble';
  return { kind, words: kind, details: [], fields: [] };
}

function laterFragment(bytes: Uint8Array, here: number, end: number): Upper {
  const details = [`offset ${8 * (readU16(bytes, here - 6) >>> 3)}`, ...octets(end - here)];
  return { kind: 'IPv6 fragment', words: 'IPv6 fragment', details, fields: data(here, end) };
}

function octets(length: number): string[] {
  return length > 0 ? [`${length} octets`] : [];
}

function data(at: number, end: number): Field[] {
  return end > at ? [field('data', 'Data', `${end - at} octets`, at, end - at)] : [];
}
