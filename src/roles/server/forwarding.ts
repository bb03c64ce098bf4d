import type { Batch } from '../../batch/batch.ts';
import * as authentication from '../../wire/authentication.ts';
import { type Encapsulation, parse } from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { isGlobalUnicast } from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as neighborDiscovery from '../../wire/neighbor-discovery.ts';
import * as routerSolicitation from '../../wire/router-solicitation.ts';
import * as teredo from '../../wire/teredo.ts';
import { CARRIED_ICMPV6_MAX } from '../constants.ts';
import { Drop } from '../drop.ts';
import { isTeredoPort, type Server } from './server.ts';

/** Octets of a solicitation behind an empty authentication header. */
const AUTHENTICATED_LENGTH = authentication.LENGTH_MIN + routerSolicitation.LENGTH;

/** UDP to IPv6 at a server: what comes by the thousand is done at once, all else takes every check, one by one. */
export function receive(server: Server, batch: Batch, now: number): void {
  const { bytes, start, length, ipv4, port } = batch;
  for (let slot = 0; slot < batch.count; slot++) {
    const at = start[slot]!;
    const solicitationAt = usualSolicitationAt(bytes, at, length[slot]!);
    if (solicitationAt < 0 || !server.advertisements.areForAnyone || refuseSender(server, ipv4[slot]!, port[slot]!)) {
      receiveSlow(server, batch, slot, now);
    } else {
      server.advertiseUsual(batch, slot, solicitationAt, now);
    }
  }
}

/** The seven checks of RFC 4380 §5.3.1, then the three ways on. */
export function receiveSlow(server: Server, batch: Batch, slot: number, now: number): void {
  const { bytes, start, length, ipv4, port } = batch;
  const at = start[slot]!;
  const parts = parse(bytes, at, at + length[slot]!);
  if (typeof parts === 'number') return server.drop(batch, slot, parts); // check 1; ledger SRV-03
  // Only servers write origins, and no server answers another.
  if (parts.originAt >= 0) return server.drop(batch, slot, Drop.Unexpected);
  const { packetAt, packetEnd, end } = parts;
  let refused = refuseSender(server, ipv4[slot]!, port[slot]!);
  if (refused !== 0) return server.drop(batch, slot, refused);
  if (isForRouter(server, bytes, packetAt)) return solicited(server, batch, slot, parts, now);
  refused = refuse(server, bytes, packetAt, ipv4[slot]!, port[slot]!);
  if (refused !== 0) server.drop(batch, slot, refused);
  else if (teredo.isTeredo(bytes, packetAt + ipv6.DESTINATION)) server.forwardToClient(batch, slot, packetAt, end, now);
  else server.forwardToNative(batch, slot, packetAt, packetEnd, now);
}

/**
 * Where the solicitation is, if the datagram is what nearly every client sends: with an empty authentication header or
 * with none, and nothing else; -1: it is not.
 */
function usualSolicitationAt(bytes: Uint8Array, at: number, length: number): number {
  let here = at;
  if (length === AUTHENTICATED_LENGTH && authentication.isEmpty(bytes, at)) here += authentication.LENGTH_MIN;
  else if (length !== routerSolicitation.LENGTH) return -1;
  return routerSolicitation.isUsual(bytes, here) ? here : -1;
}

/** Check 3, on where the datagram came from; 0: it may be answered. */
function refuseSender(server: Server, ipv4: number, port: number): Drop | 0 {
  // Ledger SRV-05, SRV-13.
  if (!isGlobalUnicast(ipv4) || port === 0 || server.isDirectedBroadcast(ipv4)) return Drop.NotGlobalIpv4;
  return isTeredoPort(port) && server.isOwn(ipv4) ? Drop.Loop : 0; // ledger SRV-25
}

/** RFC 4380 §5.3.1, ledger SRV-17: packets to all routers or to the server itself are processed here. */
function isForRouter(server: Server, bytes: Uint8Array, at: number): boolean {
  const destination = at + ipv6.DESTINATION;
  return (
    ipv6.sameAddress(bytes, destination, neighborDiscovery.ALL_ROUTERS, 0) ||
    ipv6.sameAddress(bytes, destination, server.advertisements.source, 0)
  );
}

/** Check 4: a solicitation, whole and right in every field RFC 4861 §6.1.1 names. */
function solicited(server: Server, batch: Batch, slot: number, parts: Encapsulation, now: number): void {
  if (!routerSolicitation.isValid(batch.bytes, parts.packetAt)) server.drop(batch, slot, Drop.NeighborDiscovery);
  else server.advertise(batch, slot, parts, now);
}

/** Checks 2 and 5 to 7, and those on the destination; 0: the packet may go on. */
function refuse(server: Server, bytes: Uint8Array, at: number, ipv4: number, port: number): Drop | 0 {
  const source = at + ipv6.SOURCE;
  const destination = at + ipv6.DESTINATION;
  if (!isCarried(bytes, at)) return Drop.NotCarried; // check 2; ledger SRV-04, SRV-23
  if (!ipv6.isGlobal(bytes, destination)) return Drop.AddressScope; // ledger SRV-18
  const isToTeredo = teredo.isTeredo(bytes, destination);
  if (teredo.isTeredo(bytes, source)) {
    if (!teredo.embeds(bytes, source, ipv4, port)) return Drop.MappingMismatch; // check 5; ledger SRV-07
  } else {
    const isOurs = isToTeredo && teredo.server(bytes, destination) === server.config.ipv4;
    if (!isOurs) return Drop.Unexpected; // checks 6 and 7; ledger SRV-08, SRV-09
    if (!ipv6.isGlobal(bytes, source) && !ipv6.isLinkLocal(bytes, source)) return Drop.AddressScope;
  }
  return isToTeredo ? refuseMapping(server, bytes, destination) : refuseNative(bytes, at);
}

/** RFC 4380 §5.3.1: where a packet to this Teredo address would really go. */
function refuseMapping(server: Server, bytes: Uint8Array, destination: number): Drop | 0 {
  const ipv4 = teredo.ipv4(bytes, destination);
  const port = teredo.port(bytes, destination);
  if (!isGlobalUnicast(ipv4) || port === 0 || server.isDirectedBroadcast(ipv4)) return Drop.NotGlobalIpv4;
  return server.isOwn(ipv4) ? Drop.Loop : 0; // ledger SEC-07
}

/** Only connectivity tests go to the IPv6 Internet, and a hop limit that is used up ends here. */
function refuseNative(bytes: Uint8Array, at: number): Drop | 0 {
  if (ipv6.isBubble(bytes, at)) return Drop.NotCarried;
  return bytes[at + ipv6.HOP_LIMIT]! <= 1 ? Drop.Loop : 0;
}

function isCarried(bytes: Uint8Array, at: number): boolean {
  return ipv6.isBubble(bytes, at) || (icmpv6.isEcho(bytes, at) && ipv6.payloadLength(bytes, at) <= CARRIED_ICMPV6_MAX);
}
