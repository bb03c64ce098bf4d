/** Sentences for what travels without a tunnel: IPv6 packets of Teredo's native side, and DNS. */

import type { Description } from '../../wire/describe.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import type * as dns from '../dns.ts';
import type { Client } from './parties.ts';
import { echoData } from './scene.ts';
import { aPacket } from './words.ts';

export interface NativeScene {
  readonly packet: Uint8Array;
  readonly description: Description;
  readonly from: string;
  readonly to: string;
  /** The clients whose Teredo addresses source and destination are. */
  readonly fromClient: Client | undefined;
  readonly toClient: Client | undefined;
  readonly isToTeredo: boolean;
  readonly hostName: (address: string) => string;
}

/** A packet on the native side; at least one of its addresses is Teredo. */
export function tellNative(scene: NativeScene): string {
  const { packet, description, from, to, fromClient, toClient, isToTeredo, hostName } = scene;
  const what = aPacket(description.kind);
  const test = fromClient?.tests.get(to);
  if (isEcho(packet, icmpv6.ECHO_REQUEST) && test !== undefined && test.data === echoData(packet, 0, packet.length)) {
    return `The server unwraps the test and sends it to ${hostName(to)} as plain IPv6`;
  }
  if (!isToTeredo) return `Unwrapped, ${what} goes on to ${hostName(to)} as plain IPv6`;
  const who = toClient?.name ?? (toClient === undefined ? to : 'the client');
  const address = toClient === undefined ? who : `the Teredo address of ${who}`;
  const awaited = toClient?.tests.get(from);
  if (isEcho(packet, icmpv6.ECHO_REPLY) && awaited !== undefined && !awaited.answered) {
    return `${hostName(from)} replies to ${address}, so routing takes the reply to the relay nearest to ${hostName(from)}`;
  }
  const isKnown = [...(toClient?.paths.values() ?? [])].some(({ sent, received }) => sent + received > 0);
  if (isKnown) return `${hostName(from)} sends ${what} to ${who}; routing takes it to the relay`;
  return `${hostName(from)} sends ${what} to ${address}; 2001::/32 leads it to the nearest relay`;
}

/** A question for IPv6 addresses, or its answer. */
export function tellDns(message: dns.DnsMessage, asker: string): string {
  if (!message.isResponse) return `${asker} asks for the IPv6 address of ${message.name}`;
  if (message.addresses.length === 0)
    return `The name ${message.name} has no IPv6 address, as far as the name server knows`;
  const [first, ...more] = message.addresses;
  return `The name ${message.name} stands for ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`;
}

function isEcho(packet: Uint8Array, type: number): boolean {
  return icmpv6.isEcho(packet, 0) && icmpv6.type(packet, 0) === type;
}
