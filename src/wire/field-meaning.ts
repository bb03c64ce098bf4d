/** What each field of `describe` is for, in a sentence, and where it is written. */
export interface FieldMeaning {
  readonly text: string;
  /** "RFC 4380 §5.1.1"; empty: nothing but common sense. */
  readonly source: string;
}

/**
 * The meaning of a field by its name; undefined: it has none of its own.
 *
 * The addresses of IPv6 headers share names: `ipv6.src_tc_port` means what `ipv6.dst_tc_port` means.
 */
export function fieldMeaning(name: string): FieldMeaning | undefined {
  const known = MEANINGS[name.replace(/^ipv6\.(?:src_|dst_|addr_)?(ts|tc)_/, 'address.$1_')];
  return known === undefined ? undefined : { text: known[0], source: known[1] };
}

const MEANINGS: Readonly<Record<string, readonly [text: string, source: string]>> = {
  teredo: ['What the UDP datagram carries: indications, one IPv6 packet, trailers.', 'RFC 4380 §5.1.1'],
  'teredo.auth': ['Ties an answer of the server to the question of the client.', 'RFC 4380 §5.1.1, §5.2.2'],
  'teredo.auth.idlen': ['Octets of the client identifier; 0 where no secret is shared.', 'RFC 4380 §5.1.1'],
  'teredo.auth.aulen': ['Octets of the authentication value; 0 where no secret is shared.', 'RFC 4380 §5.1.1'],
  'teredo.auth.id': ['Tells the server which secret to use.', 'RFC 4380 §5.1.1'],
  'teredo.auth.value': ['HMAC over nonce, confirmation byte, origin and packet, hidden here.', 'RFC 4380 §5.2.2'],
  'teredo.auth.nonce': ['Drawn for each solicitation; an answer without it is not believed.', 'RFC 4380 §5.2.2'],
  'teredo.auth.conf': ['0: fine. 1: the client should get a new key.', 'RFC 4380 §5.1.1'],
  'teredo.orig': ['Where the server saw the datagram come from: the mapping of the NAT.', 'RFC 4380 §5.1.1'],
  'teredo.orig.port': ['Mapped port; every bit is inverted, so that NATs do not translate it.', 'RFC 4380 §5.1.1'],
  'teredo.orig.addr': ['Mapped IPv4 address; every bit is inverted as well.', 'RFC 4380 §5.1.1'],
  ipv6: ['An ordinary IPv6 header; without payload it is a bubble.', 'RFC 8200 §3, RFC 4380 §2.8'],
  'ipv6.version': ['6. The first four bits also tell a packet from an indication, which begins with 0.', 'RFC 8200 §3'],
  'ipv6.tclass': ['How routers may treat the packet (DSCP and ECN).', 'RFC 8200 §7'],
  'ipv6.flow': ['Marks packets of one flow.', 'RFC 6437'],
  'ipv6.plen': ['Octets behind the header; 0 in a bubble.', 'RFC 8200 §3'],
  'ipv6.nxt': ['What follows: 58 is ICMPv6, 59 nothing at all, as in a bubble.', 'RFC 8200 §3, RFC 4380 §2.8'],
  'ipv6.hlim': ['Routers left to pass; 255 shows that router discovery passed none.', 'RFC 8200 §3, RFC 4861 §6.1'],
  'ipv6.src': ['Who sends; a Teredo address must be where it says it is.', 'RFC 4380 §5.2.3, §5.4.2'],
  'ipv6.dst': ['Whom it is for; a Teredo address says where to send it over IPv4.', 'RFC 4380 §4'],
  'address.ts_ipv4': ['The server of the client that has this address, in clear.', 'RFC 4380 §4'],
  'address.tc_port': ['Mapped port, every bit inverted.', 'RFC 4380 §4'],
  'address.tc_ipv4': ['Mapped IPv4 address, every bit inverted.', 'RFC 4380 §4'],
  'teredo.addr.flags': [
    'The cone bit and random bits that make addresses hard to guess.',
    'RFC 4380 §4, RFC 5991 §3.1',
  ],
  'teredo.addr.flags.cone': ['Once said "behind a cone NAT"; clients clear it today.', 'RFC 5991 §3.1'],
  'teredo.addr.flags.z': ['Reserved, 0.', 'RFC 5991 §3.1'],
  'teredo.addr.flags.universal': ['0, as in all interface identifiers made up locally.', 'RFC 4380 §4'],
  'teredo.addr.flags.group': ['0.', 'RFC 4380 §4'],
  'teredo.addr.flags.random': ['12 bits that an attacker would have to guess.', 'RFC 5991 §3.1'],
  icmpv6: ['The message inside: router discovery, an echo, or an error.', 'RFC 4443 §2.1'],
  'icmpv6.type': [
    '133 solicitation, 134 advertisement, 128 echo request, 129 echo reply.',
    'RFC 4443 §2.1, RFC 4861 §4',
  ],
  'icmpv6.code': ['Refines the type.', 'RFC 4443 §2.1'],
  'icmpv6.checksum': ['Over the message and the addresses of the packet.', 'RFC 4443 §2.3'],
  'icmpv6.echo.identifier': ['Tells one ping from another.', 'RFC 4443 §4.1'],
  'icmpv6.echo.sequence_number': ['Counts the requests of a ping.', 'RFC 4443 §4.1'],
  'icmpv6.reserved': ['0.', 'RFC 4861 §4.1'],
  'icmpv6.nd.ra.cur_hop_limit': ['Hop limit for the packets of the client; 0: no opinion.', 'RFC 4861 §4.2'],
  'icmpv6.nd.ra.flag': ['Managed or other configuration; none with Teredo.', 'RFC 4861 §4.2'],
  'icmpv6.nd.ra.router_lifetime': ['Seconds as a default router; 0: none.', 'RFC 4861 §4.2'],
  'icmpv6.nd.ra.reachable_time': ['0: no opinion.', 'RFC 4861 §4.2'],
  'icmpv6.nd.ra.retrans_timer': ['ms between solicitations of neighbours; 0: no opinion.', 'RFC 4861 §4.2'],
  'icmpv6.opt.prefix': [
    '2001:0::/32 and the address of the server: the first half of the client’s address.',
    'RFC 4380 §5.2.1',
  ],
  'icmpv6.opt.prefix.length': ['64: the second half is the client’s own to make.', 'RFC 4861 §4.6.2'],
  'icmpv6.opt.prefix.flag': ['64: addresses may be made from this prefix.', 'RFC 4861 §4.6.2'],
  'icmpv6.opt.prefix.valid_lifetime': ['Seconds; all ones: for ever.', 'RFC 4861 §4.6.2'],
  'icmpv6.opt.prefix.preferred_lifetime': ['Seconds; all ones: for ever.', 'RFC 4861 §4.6.2'],
  'icmpv6.opt.mtu': ['Largest packet of the tunnel: 1280 octets.', 'RFC 4380 §5.1.2'],
  'icmpv6.mtu': ['The largest packet that would have got through.', 'RFC 4443 §3.2'],
  'icmpv6.quoted': ['The packet that the error is about.', 'RFC 4443 §2.4'],
  'data.data': ['What the ping carries; the reply brings it back.', 'RFC 4443 §4.1'],
  'teredo.trailer': [
    'Extensions, behind the end of the IPv6 packet; who does not know them does not see them.',
    'RFC 6081 §4',
  ],
  'teredo.trailer.type': ['Types from 64 to 127 must be understood, others are skipped.', 'RFC 6081 §4'],
  'teredo.trailer.length': ['Octets of the value.', 'RFC 6081 §4'],
  'teredo.trailer.nonce': ['Ties the answers to a bubble to the peer it was sent to.', 'RFC 6081 §4.2'],
  'teredo.trailer.alternate': ['Where the client can be reached inside its own network.', 'RFC 6081 §4.3'],
  'teredo.trailer.discovery': ['Asks a peer to answer, or answers.', 'RFC 6081 §4.4'],
  'teredo.trailer.randomport': ['The port the sender expects its NAT to use for this peer.', 'RFC 6081 §4.5'],
  'udp.srcport': ['Port of the sender.', 'RFC 768'],
  'udp.dstport': ['Port of the receiver.', 'RFC 768'],
  'udp.length': ['Octets, header included.', 'RFC 768'],
  'udp.checksum': ['Over the datagram and its addresses.', 'RFC 768'],
};
