import type { Batch } from '../../batch/batch.ts';
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

/** UDP to IPv6 at a server: the seven checks of RFC 4380 §5.3.1, then the three ways on. */
export function receive(server: Server, batch: Batch, now: number): void {
  const { bytes, start, length, ipv4, port } = batch;
  for (let slot = 0; slot < batch.count; slot++) {
    const at = start[slot]!;
    const parts = parse(bytes, at, at + length[slot]!);
    if (typeof parts === 'number') {
      server.drop(batch, slot, parts); // check 1; ledger SRV-03
    } else if (parts.originAt >= 0) {
      server.drop(batch, slot, Drop.Unexpected); // only servers write origins, and no server answers another
    } else if (!isGlobalUnicast(ipv4[slot]!) || port[slot] === 0 || server.isDirectedBroadcast(ipv4[slot]!)) {
      server.drop(batch, slot, Drop.NotGlobalIpv4); // check 3; ledger SRV-05, SRV-13
    } else if (server.isOwn(ipv4[slot]!) && isTeredoPort(port[slot]!)) {
      server.drop(batch, slot, Drop.Loop); // ledger SRV-25
    } else if (isForRouter(server, bytes, parts.packetAt)) {
      solicited(server, batch, slot, parts, now);
    } else {
      const refused = refuse(server, bytes, parts, ipv4[slot]!, port[slot]!);
      if (refused !== 0) server.drop(batch, slot, refused);
      else if (teredo.isTeredo(bytes, parts.packetAt + ipv6.DESTINATION))
        server.forwardToClient(batch, slot, parts, now);
      else server.forwardToNative(batch, slot, parts, now);
    }
  }
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
function refuse(server: Server, bytes: Uint8Array, parts: Encapsulation, ipv4: number, port: number): Drop | 0 {
  const at = parts.packetAt;
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
