import { BUBBLE_HOP_LIMIT, RELAY_PORT, SERVER_PORT } from '../roles/constants.ts';
import type { Endpoint } from '../roles/role.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as origin from '../wire/origin.ts';
import * as routerAdvertisement from '../wire/router-advertisement.ts';
import * as teredo from '../wire/teredo.ts';
import { formatIpv6, parseIpv6 } from '../wire/text.ts';
import { type Cast, find } from './build.ts';
import { noun } from './nouns.ts';
import type { Forgery } from './scenario.ts';

/** Flag bits of forged addresses; any will do (RFC 5991 §3.1). */
const FLAGS = 0x0101;
/** Where a Windows client solicits from (ledger W-06). */
const SOLICITATION_SOURCE = parseIpv6('fe80::ffff:ffff:fffe')!;
const NATIVE_SOURCE = parseIpv6('2001:db8:bad::1')!;

/**
 * Sends a datagram that nobody should send, from a host of the scenario.
 *
 * Shape:  answers with what was done, as a sentence without its first capital and last stop.
 */
export function forge(cast: Cast, from: string, forgery: Forgery): string {
  const host = find(cast.hosts, from);
  const own = { ipv4: host.ipv4Addresses[0]!, port: SERVER_PORT };
  const who = noun(from);
  switch (forgery.type) {
    case 'advertisement': {
      const { client } = find(cast.clients, forgery.client);
      if (client.mapped === undefined) throw new Error(`${forgery.client} is not qualified`);
      const server = serverEndpoint(cast, forgery.server);
      const source = forgery.claims === 'server' ? server : own;
      host.sendForged(source, client.mapped, advertisement(server, own));
      const claim = forgery.claims === 'server' ? ` and claims to be ${noun(forgery.server)}` : '';
      return `${who} sends ${noun(forgery.client)} an advertisement with its own endpoint as the origin${claim}: believed, it would take the address over`;
    }
    case 'self-addressed bubble': {
      const server = serverEndpoint(cast, forgery.server);
      const target = teredoAddress(server.ipv4, server);
      const bytes = new Uint8Array(ipv6.LENGTH);
      ipv6.emitBubble(bytes, 0, BUBBLE_HOP_LIMIT, NATIVE_SOURCE, 0, target, 0);
      host.sendForged(own, server, bytes);
      return `${who} makes up a client whose mapped endpoint is ${noun(forgery.server)} itself, ${formatIpv6(target)}, and sends a bubble for it: forwarded, it would come back for ever`;
    }
    case 'false mapping': {
      const target = find(cast.hosts, forgery.to).ipv6Addresses[0]!;
      host.sendForged(own, relayEndpoint(cast, forgery.relay), echoRequest(addressOf(cast, forgery.client), target));
      return `${who} sends a packet with the Teredo address of ${noun(forgery.client)} as its source, but from its own IPv4 address`;
    }
    case 'loop through relay': {
      const { client } = find(cast.clients, forgery.client);
      if (client.mapped === undefined) throw new Error(`${forgery.client} is not qualified`);
      const source = addressOf(cast, forgery.client);
      host.sendForged(
        client.mapped,
        relayEndpoint(cast, forgery.relay),
        echoRequest(source, teredoAddress(own.ipv4, own)),
      );
      return `${who} takes the IPv4 address of ${noun(forgery.client)} as well, and sends a packet for 2001::/32 into ${noun(forgery.relay)}, which announces just that prefix`;
    }
  }
}

function addressOf(cast: Cast, client: string): Uint8Array {
  return find(cast.clients, client).address;
}

function serverEndpoint(cast: Cast, name: string): Endpoint {
  return { ipv4: find(cast.servers, name).ipv4, port: SERVER_PORT };
}

function relayEndpoint(cast: Cast, name: string): Endpoint {
  return { ipv4: find(cast.relays, name).host.ipv4Addresses[0]!, port: RELAY_PORT };
}

function teredoAddress(server: number, mapped: Endpoint): Uint8Array {
  const address = new Uint8Array(teredo.LENGTH);
  teredo.emit(address, 0, server, FLAGS, mapped.ipv4, mapped.port);
  return address;
}

/** An origin indication and a good advertisement; only the nonce of the question is missing. */
function advertisement(server: Endpoint, mapped: Endpoint): Uint8Array {
  const source = new Uint8Array(16);
  teredo.emitLinkLocal(source, 0, teredo.FLAG_CONE, server.ipv4, server.port);
  const bytes = new Uint8Array(origin.LENGTH + routerAdvertisement.lengthWith(undefined));
  const at = origin.emit(bytes, 0, mapped.ipv4, mapped.port);
  routerAdvertisement.emit(bytes, at, source, SOLICITATION_SOURCE, 0, server.ipv4, undefined);
  return bytes;
}

function echoRequest(source: Uint8Array, destination: Uint8Array): Uint8Array {
  const data = new Uint8Array(8);
  const bytes = new Uint8Array(ipv6.LENGTH + icmpv6.HEADER_LENGTH + data.length);
  icmpv6.emitEcho(bytes, 0, icmpv6.ECHO_REQUEST, 64, source, 0, destination, 0, 1, 1, data);
  return bytes;
}
