import type { Client, ClientConfig } from '../../src/roles/client/client.ts';
import type { LocalNetwork } from '../../src/roles/local-networks.ts';
import type { Random, Role } from '../../src/roles/role.ts';
import { formatHex, formatIpv6 } from '../../src/wire/text.ts';
import { advertisement, nonceOf } from './packets.ts';
import { type Datagram, ip, makeClient, pollDatagrams, pollEvents, receive } from './support.ts';

/** The people of ledger section K, and a client that is already one of them. */

export const SERVER = '203.0.113.1:3544';
export const SERVER2 = '203.0.113.2:3544';
export const MAPPED_A = '192.0.2.45:40001';
export const A = '2001:0:cb00:7101:18a5:63be:3fff:fdd2';
export const SERVER_B = '198.51.100.1:3544';
export const MAPPED_B = '198.51.100.77:51413';
export const B = '2001:0:c633:6401:2c3e:372a:39cc:9bb2';
export const NATIVE = '2001:db8:5::80';
export const RELAY = '192.0.2.200:3545';
/** The refresh interval after which a client with `ScriptedRandom` solicits again: 75% of 30 s. */
export const REFRESH_MS = 22_500;

/** Draws what a test has put into `script`, then 0x18a5 for ever: the flags of client A, and fractions of next to nothing. */
export class ScriptedRandom implements Random {
  readonly script: number[] = [];

  uint32(): number {
    return this.script.shift() ?? 0x18a5;
  }
}

export interface SceneClient {
  readonly client: Client;
  readonly random: ScriptedRandom;
}

/** Client A, qualified at `now` without anything left to be sent or told. */
export function qualifiedClient(
  config: Partial<ClientConfig> = {},
  { mapped = MAPPED_A, now = 0, networks = [] as readonly LocalNetwork[], localPort = 40001 } = {},
): SceneClient {
  const random = new ScriptedRandom();
  const client = makeClient(config, random);
  client.setLocalNetworks(networks);
  client.setLocalPort(localPort);
  client.start(now);
  qualify(client, now, mapped);
  pollDatagrams(client);
  pollEvents(client);
  return { client, random };
}

/** Answers both solicitations of a client that has been started. */
export function qualify(client: Client, now: number, mapped = MAPPED_A, mtu?: number): void {
  for (const server of [SERVER, SERVER2]) answerSolicitation(client, server, now, mapped, mtu);
  if (client.state !== 'qualified') throw new Error(`the client is ${client.state}`);
}

/** Answers the solicitation that waits to be sent to this server address. */
export function answerSolicitation(client: Client, server: string, now: number, mapped = MAPPED_A, mtu?: number): void {
  const solicitation = pollDatagrams(client).find(({ endpoint, via }) => endpoint === server && via === 0);
  if (solicitation === undefined) throw new Error(`no solicitation to ${server}`);
  receive(client, server, advertisement({ nonce: nonceOf(solicitation.bytes), mapped, mtu }), now);
}

export function network(ipv4: string, prefixLength: number): LocalNetwork {
  return { ipv4: ip(ipv4), prefixLength };
}

/** Lets time pass until `until`, with every deadline at its instant; what was sent comes back with its time. */
export function runUntil(role: Role, until: number): string[] {
  const sent: string[] = [];
  for (let turns = 0; role.pollTimeout() <= until; turns++) {
    if (turns > 10_000) throw new Error('the role does not come to rest');
    const now = role.pollTimeout();
    role.handleTimeout(now);
    for (const datagram of pollDatagrams(role)) sent.push(`${now}: ${sentence(datagram)}`);
  }
  return sent;
}

/** "bubble 2001:db8::1 > 2001:db8::2 to 192.0.2.1:3544", with the octets of anything else. */
export function sentence({ endpoint, bytes, via }: Datagram): string {
  const socket = via === 0 ? '' : ` by socket ${via}`;
  return `${what(bytes)} to ${endpoint}${socket}`;
}

export function sentences(role: Role): string[] {
  return pollDatagrams(role).map(sentence);
}

function what(bytes: Uint8Array): string {
  if (bytes[0] === 0) {
    const at = bytes[1] === 1 ? 13 + bytes[2]! + bytes[3]! : 0;
    const isSolicitation = bytes[at + 40] === 133;
    return isSolicitation ? `solicitation${(bytes[at + 16]! & 0x80) === 0 ? '' : ' (cone)'}` : 'indication';
  }
  const ends = `${formatIpv6(bytes, 8)} > ${formatIpv6(bytes, 24)}`;
  if (bytes[6] === 59) return `bubble ${ends}`;
  if (bytes[6] === 58 && bytes[40] === 128) return `echo request ${ends}`;
  return `packet ${ends} ${formatHex(bytes.subarray(40))}`;
}
