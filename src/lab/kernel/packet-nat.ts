import type { Endpoint } from '../../roles/role.ts';
import type { NatTable } from '../../sim/nat-table.ts';
import { readI32, readU16, writeI32, writeU16 } from '../../wire/bytes.ts';

/** Which of the two networks a packet comes from or goes to. */
export type Side = 'inside' | 'outside';

/** The header of IPv4 (RFC 791) and of UDP (RFC 768), in octets from the first. */
const IPV4 = {
  length: 20,
  totalLength: 2,
  fragment: 6,
  timeToLive: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
} as const;
const UDP = { length: 8, sourcePort: 0, destinationPort: 2, checksum: 6 } as const;
const PROTOCOL_UDP = 17;
/** "More fragments" and the offset. */
const IS_FRAGMENT = 0x3fff;

/**
 * The simulator's NAT on real packets: the same table, and octets instead of objects.
 *
 * UDP over IPv4 only. Fragments are refused, for all but the first tell no ports and Teredo sends none
 * (RFC 4380 §5.1.2: 1280 octets and three headers); ICMP errors are refused too, as by many a real NAT.
 */
export class PacketNat {
  readonly table: NatTable;
  /** Packets by the way they went on. */
  readonly passed = { outward: 0, inward: 0, hairpinned: 0 };
  /** Packets that ended here, by reason in words; bounded by the reasons there are. */
  readonly refused = new Map<string, number>();

  constructor(table: NatTable) {
    this.table = table;
  }

  /**
   * Translates the packet in place.
   *
   * Units:  `at` and `length` in octets, `now` in ms.
   * Shape:  answers with the side on which the packet goes on; undefined: it was refused, and counted.
   * Errors: none.
   */
  translate(bytes: Uint8Array, at: number, length: number, from: Side, now: number): Side | undefined {
    const reason = whyNot(bytes, at, length);
    if (reason !== undefined) return this.#refuse(reason);
    const udp = at + headerLength(bytes, at);
    const source: Endpoint = {
      ipv4: readI32(bytes, at + IPV4.source),
      port: readU16(bytes, udp + UDP.sourcePort),
    };
    const destination: Endpoint = {
      ipv4: readI32(bytes, at + IPV4.destination),
      port: readU16(bytes, udp + UDP.destinationPort),
    };
    let remote = source;
    if (from === 'inside') {
      const hairpins = this.table.external.includes(destination.ipv4);
      if (hairpins && !this.table.behaviour.hairpinning) return this.#refuse('NAT: no hairpinning');
      const external = this.table.outbound(source, destination, now);
      if ('refusal' in external) return this.#refuse(external.refusal);
      rewrite(bytes, at, udp, IPV4.source, UDP.sourcePort, external);
      if (!hairpins) {
        lowerTimeToLive(bytes, at);
        this.passed.outward++;
        return 'outside';
      }
      // RFC 4787 REQ-9a: the other inside host sees the external source.
      remote = external;
    }
    const inside = this.table.inbound(destination, remote, now);
    if ('refusal' in inside) return this.#refuse(inside.refusal);
    rewrite(bytes, at, udp, IPV4.destination, UDP.destinationPort, inside);
    lowerTimeToLive(bytes, at);
    if (from === 'inside') this.passed.hairpinned++;
    else this.passed.inward++;
    return 'inside';
  }

  #refuse(reason: string): undefined {
    // One reason whatever the port: the map stays small.
    const words = reason.replace(/ for port \d+$/, '');
    this.refused.set(words, (this.refused.get(words) ?? 0) + 1);
  }
}

/** Why such a packet cannot be translated at all; undefined: it can. */
function whyNot(bytes: Uint8Array, at: number, length: number): string | undefined {
  if (length < IPV4.length || bytes[at]! >>> 4 !== 4) return 'not IPv4';
  const header = headerLength(bytes, at);
  const total = readU16(bytes, at + IPV4.totalLength);
  if (header < IPV4.length || total < header || total > length) return 'malformed';
  if (bytes[at + IPV4.protocol] !== PROTOCOL_UDP) return 'not UDP';
  if ((readU16(bytes, at + IPV4.fragment) & IS_FRAGMENT) !== 0) return 'a fragment';
  if (total < header + UDP.length) return 'malformed';
  return bytes[at + IPV4.timeToLive]! <= 1 ? 'time to live is over' : undefined;
}

function headerLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & 0xf) << 2;
}

/** Replaces one end of a packet; both checksums follow (UDP's covers the addresses too, RFC 768). */
function rewrite(bytes: Uint8Array, at: number, udp: number, address: number, port: number, end: Endpoint): void {
  const addressChange =
    replaced(readU16(bytes, at + address), end.ipv4 >>> 16) +
    replaced(readU16(bytes, at + address + 2), end.ipv4 & 0xffff);
  const portChange = replaced(readU16(bytes, udp + port), end.port);
  writeI32(bytes, at + address, end.ipv4);
  writeU16(bytes, udp + port, end.port);
  writeU16(bytes, at + IPV4.checksum, updated(readU16(bytes, at + IPV4.checksum), addressChange));
  const before = readU16(bytes, udp + UDP.checksum);
  // RFC 768: 0 means that the sender computed none, and a computed 0 is sent as all ones.
  if (before !== 0) writeU16(bytes, udp + UDP.checksum, updated(before, addressChange + portChange) || 0xffff);
}

function lowerTimeToLive(bytes: Uint8Array, at: number): void {
  const before = readU16(bytes, at + IPV4.timeToLive);
  const after = before - 0x100;
  writeU16(bytes, at + IPV4.timeToLive, after);
  writeU16(bytes, at + IPV4.checksum, updated(readU16(bytes, at + IPV4.checksum), replaced(before, after)));
}

/** RFC 1624 §3: what replacing one 16-bit word adds to the sum. */
function replaced(before: number, after: number): number {
  return (~before & 0xffff) + after;
}

/** RFC 1624 §3, equation 3: the checksum after the change of some words. */
function updated(checksum: number, change: number): number {
  let sum = (~checksum & 0xffff) + change;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
