import { createHmac } from 'node:crypto';
import { Batch } from '../../src/batch/batch.ts';
import { Client, type ClientConfig, clientDefaults } from '../../src/roles/client/client.ts';
import { noExtensions } from '../../src/roles/client/extensions/extensions.ts';
import { dropName } from '../../src/roles/drop.ts';
import { Relay, type RelayConfig, relayDefaults } from '../../src/roles/relay/relay.ts';
import type { Hmac, Random, Role, RoleEvent } from '../../src/roles/role.ts';
import { Server, type ServerConfig, serverDefaults } from '../../src/roles/server/server.ts';
import { formatIpv4, parseHex, parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

/** One role alone: inputs go in with their instant, outputs come out as plain values. */

export interface Datagram {
  /** "192.0.2.1:3544". */
  readonly endpoint: string;
  readonly bytes: Uint8Array;
  readonly via: number;
}

export const hmac: Hmac = (key, message) => createHmac('sha1', key).update(message).digest();

/** A generator that repeats itself for a test: a multiplicative sequence, good enough to tell nonces apart. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  return {
    uint32() {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state ^ (state >>> 15)) >>> 0;
    },
  };
}

export function ip(text: string): number {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) throw new Error(`not an IPv4 address: ${text}`);
  return ipv4;
}

export function ip6(text: string): Uint8Array {
  const address = parseIpv6(text);
  if (address === undefined) throw new Error(`not an IPv6 address: ${text}`);
  return address;
}

export function hex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

export function makeClient(config: Partial<ClientConfig> = {}, random = seededRandom()): Client {
  const servers = [{ ipv4: ip('203.0.113.1'), ipv4Secondary: ip('203.0.113.2'), preference: 0 }];
  return new Client(
    {
      ...clientDefaults,
      peersMax: 1024,
      identifyNat: false,
      localDiscovery: false,
      extensions: noExtensions,
      servers,
      ...config,
    },
    random,
    hmac,
  );
}

export function makeServer(config: Partial<ServerConfig> = {}): Server {
  const addresses = { ipv4: ip('203.0.113.1'), ipv4Secondary: ip('203.0.113.2') };
  return new Server({ ...serverDefaults, ...addresses, ...config }, seededRandom(), hmac);
}

export function makeRelay(config: Partial<RelayConfig> = {}): Relay {
  return new Relay({ ...relayDefaults, peersMax: 1024, ...config }, seededRandom());
}

/** Gives a role one datagram; what it lets through to the IPv6 side comes back. */
export function receive(role: Role, from: string, bytes: Uint8Array, now: number, via = 0): Uint8Array[] {
  const [address, port] = from.split(':') as [string, string];
  const batch = cleared(input);
  batch.push(bytes, ip(address), Number(port), via);
  role.receive(batch, now);
  return packetsIn(batch);
}

/** Gives a role one packet from the IPv6 side; what leaves at once by UDP comes back. */
export function transmit(role: Role, packet: Uint8Array, now: number): Datagram[] {
  const batch = cleared(input);
  batch.push(packet);
  role.transmit(batch, now);
  return datagramsIn(batch);
}

/** Everything the role wants to send by UDP on its own account. */
export function pollDatagrams(role: Role): Datagram[] {
  const batch = cleared(output);
  role.pollDatagrams(batch);
  return datagramsIn(batch);
}

export function pollPackets(role: Role): Uint8Array[] {
  const batch = cleared(output);
  role.pollPackets(batch);
  return packetsIn(batch);
}

export function pollEvents(role: Role): RoleEvent[] {
  const events: RoleEvent[] = [];
  for (let event = role.pollEvent(); event !== undefined; event = role.pollEvent()) events.push(event);
  return events;
}

/** The reasons a role has counted, in words: { "mapping mismatch": 1 }. */
export function drops(role: Role): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const [reason, count] of role.drops.entries()) if (count > 0) counted[dropName(reason)] = count;
  return counted;
}

/** What comes out of these is copied, so all tests may share them. */
const input = new Batch(4, new Uint8Array(1 << 17));
const output = new Batch(256, new Uint8Array(1 << 20));

function cleared(batch: Batch): Batch {
  batch.clear();
  return batch;
}

function packetsIn(batch: Batch): Uint8Array[] {
  return slots(batch).map((slot) => batch.packet(slot).slice());
}

function datagramsIn(batch: Batch): Datagram[] {
  return slots(batch).map((slot) => ({
    endpoint: `${formatIpv4(batch.ipv4[slot]!)}:${batch.port[slot]}`,
    bytes: batch.packet(slot).slice(),
    via: batch.via[slot]!,
  }));
}

function slots(batch: Batch): number[] {
  return Array.from({ length: batch.count }, (_, slot) => slot).filter((slot) => batch.length[slot]! > 0);
}
