/**
 * What nobody should send to a server, a client or a relay, and everybody can: each list is for one of them, mixed from
 * forgeries, malformed messages, attempts to have something sent to a third party, and noise from a seed.
 */
import { formatIpv6 } from '../../src/wire/text.ts';
import {
  advertisement,
  bubble,
  echo,
  icmp,
  join,
  packet,
  packetOf,
  solicitation,
  teredoAddress,
  withAuthentication,
  withOrigin,
} from '../roles/packets.ts';
import { hex, seededRandom } from '../roles/support.ts';

/** Nobody sends there on a stranger's word (RFC 4380 §5.2.3, §5.3.1, §5.4.1; ledger SEC-01). */
export const REFUSED = [
  '0.1.2.3',
  '10.1.2.3',
  '127.0.0.1',
  '169.254.1.1',
  '172.16.5.5',
  '192.168.7.7',
  '192.88.99.1',
  '224.0.0.1',
  '239.1.2.3',
  '255.255.255.255',
] as const;
/** The same as nftables write it; and 224.0.0.0/4 holds 255.255.255.255 with its neighbours. */
export const REFUSED_RANGES =
  '0.0.0.0/8, 10.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 192.88.99.0/24, ' +
  '224.0.0.0/4, 255.255.255.255';

const NATIVE = '2001:db8:9::5';
const NOISE = 200;

/** `sender`: the address and port that the datagrams really come from. */
export function junkForServer(servers: readonly string[], sender: string): Uint8Array[] {
  const primary = servers[0]!;
  const own = teredoAddress(primary, sender);
  const rs = solicitation();
  const whole = bubble(NATIVE, teredoAddress(primary, '192.0.2.77:5000'));
  return [
    ...REFUSED.map((ipv4) => bubble(NATIVE, teredoAddress(primary, `${ipv4}:5000`))),
    ...REFUSED.map((ipv4) => bubble(own, teredoAddress('192.0.2.201', `${ipv4}:5000`))),
    // Loops: through itself, with its own source, with headers in front.
    ...servers.flatMap((ipv4) => {
      const loop = bubble(NATIVE, teredoAddress(primary, `${ipv4}:3544`));
      const twice = bubble(teredoAddress(primary, `${ipv4}:3544`), teredoAddress(primary, `${ipv4}:3544`));
      return [loop, twice, withOrigin(`${ipv4}:3544`, loop), withAuthentication(loop)];
    }),
    // An echo request that is too large to be carried, and one that has no hop left.
    echo(128, own, NATIVE, new Uint8Array(1_200)),
    echo(128, own, NATIVE, new Uint8Array(8), 1),
    // Solicitations that are none.
    ...[0, 1, 6, 7].map((at) => spoiled(rs, at)),
    ...[40, 41, 42, 46].map((at) => spoiled(rs, at)),
    ...['::', 'ff02::1', '::1'].map((from) => bubble(from, teredoAddress(primary, '192.0.2.77:5000'))),
    rs,
    withAuthentication(rs),
    withAuthentication(withAuthentication(rs)),
    withOrigin('192.0.2.77:1', rs),
    hex('0001 ff ff 00'),
    hex('0001 00 00 0102030405060708 00'),
    ...cuts(rs),
    ...cuts(whole),
    ...noise(7),
  ];
}

/** `server`: a client's; the datagrams come from there, or seem to. `client`: its address and port from outside. */
export function junkForClient(server: string, client: string): Uint8Array[] {
  const own = teredoAddress(server, client);
  const alternates = (count: number) =>
    join(
      Uint8Array.of(3, 2 + 6 * count, 0, 0),
      ...REFUSED.slice(0, count).map((ipv4) => {
        const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number];
        return Uint8Array.of(a, b, c, d, 0x13, 0x88);
      }),
    );
  const peer = teredoAddress(server, '192.0.2.78:5000');
  return [
    // Forged advertisements: without a nonce, with a wrong one, of other servers, for other mappings.
    advertisement({ server, mapped: '192.0.2.99:99' }),
    advertisement({ server, mapped: '192.0.2.99:99', nonce: hex('ffffffffffffffff') }),
    advertisement({ server, mapped: '10.0.0.1:99', nonce: hex('0000000000000000') }),
    advertisement({ server: '192.0.2.250', mapped: '192.0.2.99:99', nonce: hex('0102030405060708') }),
    advertisement({ server, mapped: undefined }),
    // "Write to that one for me."
    ...REFUSED.map((ipv4) => withOrigin(`${ipv4}:5000`, bubble(NATIVE, own))),
    ...REFUSED.map((ipv4) => withOrigin(`${ipv4}:5000`, bubble(teredoAddress(server, `${ipv4}:5000`), own))),
    ...[1, 2, 3, 4].map((count) => withOrigin('192.0.2.78:5000', join(bubble(peer, own), alternates(count)))),
    ...['31323334', '4100', '81', '0200'.repeat(100), '0103aabbcc'].map((trailers) =>
      withOrigin('192.0.2.78:5000', join(bubble(peer, own), hex(trailers))),
    ),
    // From itself, through itself; neighbour discovery of all kinds; a routing header of type 0.
    packet(own, own),
    packet(teredoAddress(server, client, 0x0101), own),
    ...[133, 134, 135, 136, 137].map((type) =>
      icmp('fe80::1', own, join(Uint8Array.of(type, 0, 0, 0), hex('0'.repeat(40)))),
    ),
    packet(NATIVE, own, { next: 43, payload: join(hex('3b02 0001 00000000'), new Uint8Array(16)) }),
    echo(129, NATIVE, own, new Uint8Array(8)),
    ...cuts(withOrigin('192.0.2.78:5000', bubble(peer, own))),
    ...noise(8),
  ];
}

/** For a relay's IPv4 side, from `sender`: nobody that it has asked for. */
export function junkForRelay(server: string, sender: string): Uint8Array[] {
  const random = seededRandom(5);
  const strangers = Array.from({ length: 500 }, () => teredoAddress(server, sender, random.uint32() & 0x0fff));
  return [
    ...strangers.flatMap((from) => [bubble(from, NATIVE), packet(from, NATIVE)]),
    ...REFUSED.flatMap((ipv4) => {
      const from = teredoAddress(server, `${ipv4}:5000`);
      return [bubble(from, NATIVE), packet(from, NATIVE), packetOf(1_200, from, NATIVE)];
    }),
    ...['::', '::1', 'ff02::1', NATIVE, '2002:0a01:0203::1', 'fe80::5efe:0a01:0203'].map((from) =>
      packet(from, NATIVE),
    ),
    ...['2001:0:102:304::1', '2002:cb00:7109::1', 'ff02::1', '::1'].map((to) => packet(strangers[0]!, to)),
    ...cuts(bubble(strangers[0]!, NATIVE)),
    ...noise(9),
  ];
}

/** Destinations for packets that a relay gets from the IPv6 side: refused addresses, then strangers without end. */
export function teredoDestinations(server: string, count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const refused = REFUSED.map((ipv4) => formatIpv6(teredoAddress(server, `${ipv4}:5000`)));
  const strangers = Array.from({ length: count }, () => {
    const host = 1 + (random.uint32() % 250);
    return formatIpv6(teredoAddress(server, `198.51.100.${host}:${1 + (random.uint32() % 65_000)}`));
  });
  return [...refused, ...strangers];
}

/** Lines for `blast-helper.mjs`. */
export function lines(datagrams: readonly Uint8Array[]): string {
  return datagrams.map((bytes) => Buffer.from(bytes).toString('hex')).join('\n');
}

function spoiled(datagram: Uint8Array, at: number): Uint8Array {
  const copy = datagram.slice();
  copy[at]! ^= 0x15;
  return copy;
}

function cuts(datagram: Uint8Array): Uint8Array[] {
  return [1, 2, 8, 13, 39, 40, 41, 47].filter((length) => length < datagram.length).map((to) => datagram.slice(0, to));
}

function noise(seed: number): Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: NOISE }, () =>
    Uint8Array.from({ length: 1 + (random.uint32() % 120) }, () => random.uint32() >>> 24),
  );
}
