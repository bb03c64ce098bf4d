import { Client } from '../../src/roles/client/client.ts';
import { isDirectedBroadcast, isOnLink, type LocalNetwork } from '../../src/roles/local-networks.ts';
import type { Relay } from '../../src/roles/relay/relay.ts';
import type { Role } from '../../src/roles/role.ts';
import { Server } from '../../src/roles/server/server.ts';
import * as checksum from '../../src/wire/checksum.ts';
import * as encapsulation from '../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import { isGlobalUnicast, isMulticast } from '../../src/wire/ipv4.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import { formatHex } from '../../src/wire/text.ts';
import {
  advertisement,
  bubble,
  echoRequest,
  endpointOf,
  nonceOf,
  packet,
  replyTo,
  teredoAddress,
  withOrigin,
} from './packets.ts';
import { A, MAPPED_A, NATIVE, network, RELAY, SERVER, SERVER2 } from './scene.ts';
import {
  type Datagram,
  ip6,
  makeClient,
  makeRelay,
  makeServer,
  pollDatagrams,
  pollEvents,
  pollPackets,
  receive,
  seededRandom,
  transmit,
} from './support.ts';

/** One thing that happens to a role. Numbers choose from lists, so that any numbers are a step. */
export interface Step {
  readonly kind: number;
  readonly who: number;
  readonly what: number;
  /** Octets that make a datagram of their own, in some kinds of step. */
  readonly bytes?: Uint8Array;
}

/** The role that a walk is about, with all it needs to be judged. */
export interface Walker {
  readonly role: Client | Server | Relay;
  networks: readonly LocalNetwork[];
  now: number;
  /** What it has sent and nobody has answered. Bounded by `UNANSWERED_MAX`. */
  unanswered: Datagram[];
}

const UNANSWERED_MAX = 16;
const PEERS_MAX = 24;
const UNTRUSTED_MAX = 8;

/** Where datagrams come from, and what Teredo addresses name: all kinds, allowed and forbidden. */
const ENDPOINTS = [
  SERVER,
  SERVER2,
  RELAY,
  MAPPED_A,
  '198.51.100.77:51413',
  '198.51.100.255:4000',
  '198.51.100.9:40001',
  '10.0.0.5:4000',
  '10.255.255.255:3544',
  '127.0.0.1:3544',
  '0.0.0.0:1',
  '169.254.1.1:9',
  '172.16.0.1:9',
  '192.168.1.20:40500',
  '192.168.1.255:40500',
  '192.88.99.1:9',
  '224.0.0.253:3544',
  '239.1.1.1:9',
  '255.255.255.255:9',
  '203.0.113.255:3544',
  '240.0.0.1:9',
  '192.0.2.9:0',
  '192.0.2.45:40500',
  '192.0.2.45:3544',
] as const;

const NETWORKS: readonly (readonly LocalNetwork[])[] = [
  [],
  [network('192.168.1.10', 24)],
  [network('198.51.100.9', 24), network('10.0.0.1', 8)],
  [network('203.0.113.1', 24), network('127.0.0.1', 8)],
  [network('192.0.2.45', 31), network('0.0.0.0', 0)],
];

const PAUSES_MS = [0, 1, 500, 1999.999, 2000, 4000, 25_000, 30_000, 300_000, 3_600_000, 1e9];

export type Kind = 'client' | 'server' | 'relay' | 'host-specific relay';

export function walker(kind: Kind, seed: number): Walker {
  const limits = { peersMax: PEERS_MAX, untrustedPeersMax: UNTRUSTED_MAX };
  const base = { networks: [], now: 0, unanswered: [] };
  if (kind === 'server') return { ...base, role: makeServer() };
  if (kind === 'client') {
    const options = { localDiscovery: true, identifyNat: (seed & 1) === 0, findRefreshInterval: (seed & 2) === 0 };
    return { ...base, role: makeClient({ ...limits, ...options }, seededRandom(seed)) };
  }
  const relay = makeRelay({ ...limits, behindNat: (seed & 1) === 0 });
  if (kind === 'host-specific relay') relay.setOwnAddresses([ip6(NATIVE)]);
  relay.setErrorSource(ip6('2001:db8:5::1'));
  return { ...base, role: relay };
}

/** Lets the step happen, drains the role and judges all that came out. Throws when a promise is broken. */
export function take(at: Walker, step: Step): void {
  const { role } = at;
  const sent: Datagram[] = [];
  const delivered: Uint8Array[] = [];
  switch (step.kind % 10) {
    case 0:
    case 1:
      delivered.push(
        ...receive(role, endpoint(step.who), datagram(at, step), at.now, step.what % 3 === 2 ? step.who % 3 : 0),
      );
      break;
    case 2:
    case 3:
      sent.push(...transmit(role, packetFromHost(at, step), at.now));
      break;
    case 4:
    case 5:
      delivered.push(...answer(at, step));
      break;
    case 6:
      at.now += PAUSES_MS[step.what % PAUSES_MS.length]!;
      break;
    case 7:
      if (Number.isFinite(role.pollTimeout())) at.now = Math.max(at.now, role.pollTimeout());
      break;
    case 8:
      at.networks = NETWORKS[step.what % NETWORKS.length]!;
      role.setLocalNetworks(at.networks);
      break;
    default:
      if (role instanceof Client) restart(role, at, step);
  }
  const deadline = role.pollTimeout();
  if (Number.isNaN(deadline)) throw new Error('no deadline is not NaN');
  if (deadline <= at.now) {
    role.handleTimeout(at.now);
    if (role.pollTimeout() <= at.now)
      throw new Error(`a deadline that does not pass: ${role.pollTimeout()} at ${at.now}`);
  }
  for (let some = pollDatagrams(role); some.length > 0; some = pollDatagrams(role)) sent.push(...some);
  for (let some = pollPackets(role); some.length > 0; some = pollPackets(role)) judgePackets(at, some, true);
  judgePackets(at, delivered, false);
  for (const one of sent) judge(at, one);
  judgeState(role);
  pollEvents(role);
  at.unanswered = [...sent.map(copyOf), ...at.unanswered].slice(0, UNANSWERED_MAX);
}

// ---- What happens ---------------------------------------------------------------------------------------------

function endpoint(which: number): string {
  return ENDPOINTS[which % ENDPOINTS.length]!;
}

/** Teredo, native and forbidden addresses. */
function address(at: Walker, which: number): Uint8Array {
  const plain = [NATIVE, '2001:db8:9::9', 'fe80::1', 'ff02::1', '::', '::1', '2002:c633:6409::1'];
  const own = at.role instanceof Client ? at.role.ownAddress.slice() : ip6(A);
  if (which % 4 === 0) return own;
  if (which % 4 === 1) return ip6(plain[(which >>> 2) % plain.length]!);
  const server = endpoint(which >>> 5).split(':')[0]!;
  return teredoAddress((which >>> 4) % 2 === 0 ? '203.0.113.1' : server, endpoint(which >>> 8), (which >>> 13) & 7);
}

/** A datagram as its sender might send it, or the step's own octets. */
function datagram(at: Walker, step: Step): Uint8Array {
  if (step.bytes !== undefined && step.what % 3 !== 0) return step.bytes;
  const from = endpoint(step.who);
  const source = step.what % 5 === 0 ? teredoAddress('203.0.113.1', from) : address(at, step.what >>> 3);
  const own = at.role instanceof Client ? at.role.ownAddress : address(at, step.what >>> 7);
  switch ((step.what >>> 1) % 7) {
    case 0:
      return bubble(source, own);
    case 1:
      return packet(source, own);
    case 2:
      return withOrigin(endpoint(step.what >>> 4), bubble(source, own));
    case 3:
      return bubble(source, 'ff02::1', 1);
    case 4:
      return echoRequest(source, own);
    case 5:
      return packet(source, address(at, step.what >>> 9));
    default:
      return advertisement({ mapped: endpoint(step.what >>> 4) });
  }
}

function packetFromHost(at: Walker, step: Step): Uint8Array {
  // The host's kernel hands over whole packets, whatever is in them.
  const { bytes } = step;
  if (bytes !== undefined && ipv6.fits(bytes, 0, bytes.length)) return bytes.subarray(0, ipv6.packetLength(bytes, 0));
  const own = at.role instanceof Client ? at.role.ownAddress : ip6(NATIVE);
  return packet(step.what % 7 === 0 ? address(at, step.what >>> 3) : own, address(at, step.who));
}

/** Answers something that the role has sent as whoever should would, though perhaps from elsewhere. */
function answer(at: Walker, step: Step): Uint8Array[] {
  const asked = at.unanswered[step.who % UNANSWERED_MAX];
  if (asked === undefined) return [];
  const { role, now } = at;
  const { bytes, via } = asked;
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  if (typeof parts === 'number') return [];
  const isWhereItShould = step.what % 4 !== 0;
  if (parts.authenticationAt >= 0) {
    const isCone = (bytes[parts.packetAt + ipv6.SOURCE + 8]! & 0x80) !== 0;
    const from = isWhereItShould ? (isCone ? SERVER2 : asked.endpoint) : endpoint(step.what);
    const destination = isCone ? 'fe80::8000:ffff:ffff:fffe' : 'fe80::ffff:ffff:fffe';
    const mapped = step.what % 5 === 0 ? endpoint(step.what >>> 3) : MAPPED_A;
    return receive(role, from, advertisement({ nonce: nonceOf(bytes), mapped, destination }), now, via);
  }
  const destination = bytes.slice(parts.packetAt + ipv6.DESTINATION, parts.packetAt + ipv6.DESTINATION + 16);
  const source = bytes.slice(parts.packetAt + ipv6.SOURCE, parts.packetAt + ipv6.SOURCE + 16);
  if (icmpv6.isEcho(bytes, parts.packetAt)) {
    return receive(role, isWhereItShould ? RELAY : endpoint(step.what), replyTo(bytes.slice(parts.packetAt)), now);
  }
  const mapped = mappedOf(destination);
  const from = isWhereItShould ? mapped : endpoint(step.what);
  return receive(role, from, step.what % 3 === 0 ? packet(destination, source) : bubble(destination, source), now);
}

function restart(client: Client, at: Walker, step: Step): void {
  client.setLocalPort(endpointOf(endpoint(step.who)).port);
  if (step.what % 4 === 0) client.stop(at.now);
  else if (step.what % 4 === 1 || client.state === 'off-line') client.start(at.now);
}

// ---- What is promised -----------------------------------------------------------------------------------------

function judge(at: Walker, { endpoint: to, bytes, via }: Datagram): void {
  const { role, networks } = at;
  const { ipv4, port } = endpointOf(to);
  const broken = (promise: string): never => {
    throw new Error(`${promise}: ${formatHex(bytes)} to ${to} by socket ${via}`);
  };
  const isDiscovery = role instanceof Client && to === '224.0.0.253:3544' && via === 0;
  const isNeighbour = role instanceof Client && isOnLink(networks, ipv4) && isOneHost(ipv4);
  const isAllowed = isDiscovery || isGlobalUnicast(ipv4) || isNeighbour;
  if (!isAllowed || port === 0) broken('SEC-01: a refused address');
  if (isDirectedBroadcast(networks, ipv4)) broken('SEC-01: a directed broadcast');
  if (via > 2) broken('no such socket');
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  if (typeof parts === 'number') return broken('not a Teredo datagram');
  const { packetAt } = parts;
  const isOfNeighborDiscovery = icmpv6.isNeighborDiscovery(bytes, packetAt);
  // A client on the server's own host may be answered.
  if (role instanceof Server && role.isOwn(ipv4) && (port === 3544 || !isOfNeighborDiscovery)) broken('SEC-07: itself');
  const isOurs = role instanceof Client ? isOfNeighborDiscovery : role instanceof Server && parts.originAt >= 0;
  if (isOurs && isOfNeighborDiscovery && !checksum.isIcmpv6Right(bytes, packetAt)) broken('a wrong checksum');
  const isSolicitation = parts.authenticationAt >= 0;
  if (role instanceof Client && isSolicitation !== isOfNeighborDiscovery) broken('neither solicitation nor packet');
  if (isDiscovery && bytes[packetAt + ipv6.HOP_LIMIT] !== 1) broken('W-16: a discovery bubble with another hop limit');
}

function judgePackets(at: Walker, packets: readonly Uint8Array[], areOurOwn: boolean): void {
  for (const bytes of packets) {
    const broken = (promise: string): never => {
      throw new Error(`${promise}: ${formatHex(bytes)}`);
    };
    if (!ipv6.fills(bytes, 0, bytes.length)) broken('not one IPv6 packet');
    if (ipv6.isBubble(bytes, 0)) broken('a bubble for the host');
    if (icmpv6.isNeighborDiscovery(bytes, 0)) broken('C3: neighbor discovery for the host');
    if (areOurOwn && icmpv6.isError(bytes, 0)) continue;
    if (!ipv6.isGlobal(bytes, ipv6.SOURCE)) broken('CLI-70: a source that is not global');
    if (at.role instanceof Client && !ipv6.sameAddress(bytes, ipv6.DESTINATION, at.role.ownAddress, 0)) {
      broken('CLI-61: not for the client');
    }
  }
}

function judgeState(role: Role): void {
  for (const count of role.drops) if (!(count >= 0)) throw new Error('a counter that does not count');
  if (role instanceof Server) return;
  const { peers } = role as Client | Relay;
  if (peers.size > PEERS_MAX) throw new Error(`${peers.size} peers`);
  if (peers.untrustedSize > UNTRUSTED_MAX) throw new Error(`${peers.untrustedSize} untrusted peers`);
  let counted = 0;
  peers.forEach(() => {
    counted++;
  });
  if (counted !== peers.size) throw new Error(`${counted} peers in lists, ${peers.size} in all`);
}

function isOneHost(ipv4: number): boolean {
  const first = ipv4 >>> 24;
  return first !== 0 && first !== 127 && ipv4 !== -1 && !isMulticast(ipv4);
}

/** "1.2.3.4:5", from a Teredo address; anything for others. */
function mappedOf(bytes: Uint8Array): string {
  const octets = [...bytes.subarray(12)].map((octet) => octet ^ 0xff);
  return `${octets.join('.')}:${((bytes[10]! << 8) | bytes[11]!) ^ 0xffff}`;
}

function copyOf(datagram: Datagram): Datagram {
  return { ...datagram, bytes: datagram.bytes.slice() };
}
