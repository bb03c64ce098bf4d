/** Why bytes are not what they should be. `roles/drop.ts` takes these numbers over, so a parse result is a drop reason. */
export const Malformed = {
  /** RFC 4380 §5.2.3: the datagram ends before the header it announces does. */
  Truncated: 1,
  /** RFC 4380 §5.1.1: neither IPv6, nor authentication, nor an origin indication. */
  NotTeredo: 2,
  /** RFC 4380 §5.1.1: indications twice, or in the wrong order. */
  IndicationOrder: 3,
  /** RFC 4380 §5.2.3: the IPv6 payload length says more than the datagram holds. */
  Ipv6Length: 4,
  /** RFC 4443 §2.3, RFC 4861 §6.1: bad ICMPv6 checksum. */
  Checksum: 5,
  /** RFC 4861 §6.1: hop limit not 255, code not 0, too short, or an option of length 0 or past the end. */
  NeighborDiscovery: 6,
  /** RFC 4380 §5.2.1: not exactly one prefix option with a /64 of the Teredo service prefix. */
  Prefix: 7,
  /** RFC 4861 §4.6.4, RFC 8200 §5: a link MTU below 1280 or above 65535. */
  Mtu: 8,
  /** RFC 6081 §4.1: an unknown trailer whose type says "discard". */
  TrailerDiscard: 9,
  /** RFC 6081 §4.3: an alternate address trailer of impossible shape. */
  TrailerAlternate: 10,
} as const;

export type Malformed = (typeof Malformed)[keyof typeof Malformed];

const NAMES: Readonly<Record<Malformed, string>> = {
  [Malformed.Truncated]: 'truncated',
  [Malformed.NotTeredo]: 'neither IPv6 nor a Teredo indication',
  [Malformed.IndicationOrder]: 'indications twice or in the wrong order',
  [Malformed.Ipv6Length]: 'IPv6 payload length runs past the datagram',
  [Malformed.Checksum]: 'bad ICMPv6 checksum',
  [Malformed.NeighborDiscovery]: 'bad neighbor discovery message',
  [Malformed.Prefix]: 'no single Teredo prefix of 64 bits',
  [Malformed.Mtu]: 'impossible link MTU',
  [Malformed.TrailerDiscard]: 'unknown trailer that says discard',
  [Malformed.TrailerAlternate]: 'alternate address trailer of impossible length',
};

/** The reason in words, for people. */
export function malformedName(malformed: Malformed): string {
  return NAMES[malformed];
}
