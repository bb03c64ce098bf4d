/**
 * Whether a datagram is Teredo, told by what it says and not by its port.
 *
 * Many protocols begin like Teredo now and then: a DNS message with the identifier 0x6... looks like IPv6, one with
 * 0x0000 or 0x0001 like an indication. So the whole datagram must hold together, and its addresses must make sense.
 */

import * as encapsulation from '../wire/encapsulation.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { malformedName } from '../wire/malformed.ts';
import * as teredo from '../wire/teredo.ts';

export type Recognition =
  | { readonly type: 'teredo'; readonly parts: encapsulation.Encapsulation }
  /** It begins as Teredo does, or came to its port, and is not; `reason` can be counted and read. */
  | { readonly type: 'look-alike'; readonly reason: string }
  | { readonly type: 'other' };

const SERVER_PORT = 3544;

/** Judges a datagram; the two UDP ports only decide whether a stranger is worth a word. Never throws. */
export function recognize(payload: Uint8Array, sourcePort: number, destinationPort: number): Recognition {
  const parts = encapsulation.parse(payload, 0, payload.length);
  if (typeof parts === 'number') {
    const isAtPort = sourcePort === SERVER_PORT || destinationPort === SERVER_PORT;
    return beginsAlike(payload) || isAtPort ? { type: 'look-alike', reason: malformedName(parts) } : { type: 'other' };
  }
  const reason = implausible(payload, parts.packetAt);
  return reason === undefined ? { type: 'teredo', parts } : { type: 'look-alike', reason };
}

/** The first octets of authentication, origin indication or an IPv6 packet. */
function beginsAlike(payload: Uint8Array): boolean {
  return payload.length >= 2 && (payload[0]! >>> 4 === 6 || (payload[0] === 0 && payload[1]! <= 1));
}

/** Why no Teredo node would have sent the packet at `at`; undefined: it may have. */
function implausible(bytes: Uint8Array, at: number): string | undefined {
  const source = at + ipv6.SOURCE;
  const destination = at + ipv6.DESTINATION;
  if (teredo.isTeredo(bytes, source) || teredo.isTeredo(bytes, destination)) return undefined;
  // RFC 4380 §5.2.1: only a router solicitation and its advertisement go without a Teredo address.
  const type = icmpv6.isMessage(bytes, at) ? icmpv6.type(bytes, at) : 0;
  const isAdvertisement = type === icmpv6.ROUTER_ADVERTISEMENT;
  if (isAdvertisement || type === icmpv6.ROUTER_SOLICITATION) {
    return ipv6.isLinkLocal(bytes, source) ? undefined : 'router discovery from no link-local address';
  }
  return 'IPv6 packet without a Teredo address';
}
