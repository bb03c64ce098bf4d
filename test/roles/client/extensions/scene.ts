import type { Client } from '../../../../src/roles/client/client.ts';
import {
  allExtensions,
  type ExtensionSwitches,
  noExtensions,
} from '../../../../src/roles/client/extensions/extensions.ts';
import type { Role } from '../../../../src/roles/role.ts';
import { formatEndpoint, formatHex } from '../../../../src/wire/text.ts';
import { parse, type Trailers } from '../../../../src/wire/trailer.ts';
import { advertisement, nonceOf } from '../../packets.ts';
import { MAPPED_A, network, ScriptedRandom, SERVER, SERVER2 } from '../../scene.ts';
import { type Datagram, makeClient, pollDatagrams, pollEvents, receive } from '../../support.ts';

/** Client A with extensions of RFC 6081, behind the NAT that a test needs. */

export interface Nat {
  /** What the second server address sees; the same as the first unless the NAT is symmetric. */
  readonly seenBySecond?: string;
  readonly localPort?: number;
}

export const SYMMETRIC: Nat = { seenBySecond: '192.0.2.45:40077', localPort: 5000 };
export const PORT_PRESERVING: Nat = { seenBySecond: '192.0.2.45:40077', localPort: 40001 };
export const RESTRICTED: Nat = { localPort: 5000 };

export function extended(
  nat: Nat,
  switches: Partial<ExtensionSwitches> = allExtensions,
): { readonly client: Client; readonly random: ScriptedRandom } {
  const random = new ScriptedRandom();
  // No maintenance disturbs: what is asked here is between peers.
  const client = makeClient({ extensions: { ...noExtensions, ...switches }, refreshIntervalMs: 1e9 }, random);
  client.setLocalNetworks([network('192.168.1.10', 24)]);
  client.setLocalPort(nat.localPort ?? 5000);
  client.start(0);
  for (const [server, mapped] of [
    [SERVER, MAPPED_A],
    [SERVER2, nat.seenBySecond ?? MAPPED_A],
  ] as const) {
    const asked = pollDatagrams(client).find(({ endpoint, via }) => endpoint === server && via === 0);
    receive(client, server, advertisement({ nonce: nonceOf(asked!.bytes), mapped }), 0);
  }
  pollDatagrams(client);
  pollEvents(client);
  return { client, random };
}

/** The bubbles a role sends now, in words: "bubble to 192.0.2.1:3544 by socket 3 [nonce 00000001, random port 50000]". */
export function bubbles(role: Role): string[] {
  return pollDatagrams(role)
    .filter(({ bytes }) => bytes[0]! >>> 4 === 6 && bytes[6] === 59)
    .map(told);
}

export function told({ endpoint, bytes, via }: Datagram): string {
  const source = bytes[8] === 0xfe ? ' from link-local' : '';
  return `bubble to ${endpoint}${source}${via === 0 ? '' : ` by socket ${via}`}${trailersOf(bytes)}`;
}

export function trailersOf(bytes: Uint8Array): string {
  const trailers = parse(bytes, 40, bytes.length);
  if (typeof trailers === 'number') throw new Error(`malformed trailers: ${formatHex(bytes.subarray(40))}`);
  const words = [...inWords(trailers)];
  return words.length === 0 ? '' : ` [${words.join(', ')}]`;
}

function* inWords({ nonce, alternates, discovery, randomPort, server }: Trailers): Generator<string> {
  if (nonce !== undefined) yield `nonce ${(nonce >>> 0).toString(16).padStart(8, '0')}`;
  for (const { ipv4, port } of alternates ?? []) yield `alternate ${formatEndpoint(ipv4, port)}`;
  if (discovery !== undefined) yield discovery;
  if (randomPort !== undefined) yield `random port ${randomPort}`;
  if (server !== undefined) yield 'server';
}
