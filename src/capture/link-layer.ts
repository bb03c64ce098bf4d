/**
 * What stands in front of a packet in a frame, by link type (the numbers of tcpdump's list).
 */

import { readU16 } from '../wire/bytes.ts';

export const NULL = 0;
export const ETHERNET = 1;
export const RAW = 101;
export const LOOP = 108;
export const LINUX_SLL = 113;
export const IPV4 = 228;
export const IPV6 = 229;
export const LINUX_SLL2 = 276;
/** What OpenBSD and others write for RAW. */
const RAW_ALIASES = [12, 14];

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** IEEE 802.1Q, 802.1ad, and the older double tag. */
const VLAN_TAGS = [0x8100, 0x88a8, 0x9100];
/** More tags than this are no network we know. */
const VLAN_TAGS_MAX = 4;

/**
 * Where the IP packet of a frame starts; a text that says what there is instead.
 *
 * Errors: none; never reads past the end.
 */
export function packetAt(linkType: number, bytes: Uint8Array): number | string {
  switch (linkType) {
    case NULL:
    case LOOP:
      // An address family of the machine that captured, in its byte order: the packet's version tells as much.
      return bytes.length < 5 ? 'frame cut' : ipAt(bytes, 4);
    case ETHERNET:
      return bytes.length < 14 ? 'frame cut' : afterEtherType(bytes, 12);
    case LINUX_SLL:
      return bytes.length < 16 ? 'frame cut' : afterEtherType(bytes, 14);
    case LINUX_SLL2:
      return bytes.length < 20 ? 'frame cut' : sll2(bytes);
    case RAW:
    case IPV4:
    case IPV6:
      return ipAt(bytes, 0);
    default:
      return RAW_ALIASES.includes(linkType) ? ipAt(bytes, 0) : `link type ${linkType}`;
  }
}

function sll2(bytes: Uint8Array): number | string {
  const type = readU16(bytes, 0);
  if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return ipAt(bytes, 20);
  return VLAN_TAGS.includes(type) ? afterTag(bytes, 20, 1) : notIp(type);
}

/** `at` is the offset of an EtherType. */
function afterEtherType(bytes: Uint8Array, at: number): number | string {
  const type = readU16(bytes, at);
  if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return ipAt(bytes, at + 2);
  return VLAN_TAGS.includes(type) ? afterTag(bytes, at + 2, 1) : notIp(type);
}

/** `at` is the offset of what follows a tag's EtherType: two octets of tag, then the next EtherType. */
function afterTag(bytes: Uint8Array, at: number, tags: number): number | string {
  if (at + 4 > bytes.length) return 'frame cut';
  const type = readU16(bytes, at + 2);
  if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return ipAt(bytes, at + 4);
  if (!VLAN_TAGS.includes(type)) return notIp(type);
  return tags < VLAN_TAGS_MAX ? afterTag(bytes, at + 4, tags + 1) : 'too many VLAN tags';
}

function ipAt(bytes: Uint8Array, at: number): number | string {
  if (at >= bytes.length) return 'frame cut';
  const version = bytes[at]! >>> 4;
  return version === 4 || version === 6 ? at : `not IP (version ${version})`;
}

function notIp(type: number): string {
  // Below 1536 it is a length, not a type (IEEE 802.3).
  if (type < 0x600) return 'not IP (IEEE 802.3)';
  return type === 0x0806 ? 'not IP (ARP)' : `not IP (EtherType ${type.toString(16).padStart(4, '0')})`;
}
