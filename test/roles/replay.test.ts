import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/capture-reader.ts';
import { type CapturedDatagram, dissect } from '../../src/capture/datagram.ts';
import { recognize } from '../../src/capture/recognition.ts';
import type { Client } from '../../src/roles/client/client.ts';
import type { Role } from '../../src/roles/role.ts';
import * as checksum from '../../src/wire/checksum.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import { formatEndpoint, formatIpv4, formatIpv6 } from '../../src/wire/text.ts';
import { CAPTURES, haveCaptures } from '../capture/available.ts';
import { hexOf, nonceOf, replyTo } from './packets.ts';
import { qualifiedClient, ScriptedRandom } from './scene.ts';
import {
  drops,
  ip,
  ip6,
  makeClient,
  makeRelay,
  makeServer,
  pollDatagrams,
  pollPackets,
  receive,
  transmit,
} from './support.ts';

/**
 * What Microsoft's client and server and a relay said to each other in 2008 (Teredo.pcap), said to our roles.
 *
 * Differences that must be: the client of the capture sets the cone bit and keeps the hop limit of a bubble it
 * answers; ours does neither (RFC 5991 §3.2). Its connectivity test holds 4 octets, ours 8.
 */

const SERVER = '65.55.158.80:3544';
const SERVER2 = '65.55.158.81:3544';
const RELAY = '83.170.1.38:32900';
const INSIDE = '192.168.2.16:3797';
const MAPPED = '70.55.215.234:3797';
const XP = ip6('2001:0:4137:9e50:8000:f12a:b9c8:2815');
const SERVERS = { server: ip('65.55.158.80'), server2: ip('65.55.158.81') };

describe.skipIf(!haveCaptures())('public captures, spoken to our roles', () => {
  test.each(['Teredo', 'teredo_bubble_with_payload'])(
    '%s: our server answers as Microsoft’s did, octet for octet',
    (name) => {
      const server = makeServer({ ipv4: SERVERS.server, ipv4Secondary: SERVERS.server2 });
      let [advertisements, bubbles, tests] = [0, 0, 0];
      const all = teredoOf(name);
      for (const [index, { from, to, payload }] of all.entries()) {
        if (from === INSIDE && to === SERVER) {
          const out = receive(server, MAPPED, payload, 0, 0);
          const sent = pollDatagrams(server);
          if (payload[0] === 0) {
            const theirs = all.slice(index).find((datagram) => datagram.from === SERVER2)!;
            expect(sent.map(({ bytes }) => hexOf(bytes))).toEqual([hexOf(theirs.payload)]);
            expect(sent[0]).toMatchObject({ endpoint: MAPPED, via: 1 }); // the cone bit is set: from the other address
            advertisements++;
          } else {
            expect(out.map(hexOf)).toEqual([hexOf(payload).replace(/^(.{14})15/, '$114')]); // hop limit 21 has become 20
            tests++;
          }
        }
        if (from === SERVER) {
          // What the relay must have sent to the server: what the server delivered, without the origin.
          receive(server, RELAY, payload.subarray(8), 0, 0);
          expect(pollDatagrams(server)).toEqual([{ endpoint: MAPPED, via: 0, bytes: Uint8Array.from(payload) }]);
          bubbles++;
        }
      }
      expect([advertisements, tests, bubbles]).toEqual([1, 1, 1]);
    },
  );

  test.each(['Teredo', 'teredo_bubble_with_payload'])(
    '%s: our client gets the same address, and the same conversation follows',
    (name) => {
      const all = teredoOf(name);
      const { client, flags } = qualifiedByCapture(all.find(({ from }) => from === SERVER2)!.payload);
      expect(hexOf(maskFlags(client.address!))).toBe(hexOf(maskFlags(XP)));
      expect(flags & 0x80).toBe(0);
      const later = all.slice(all.findIndex(({ from }) => from === SERVER2) + 1);
      const seen = { received: 0, transmitted: 0, answered: 0, tested: 0 };
      for (const [index, { from, to, payload }] of later.entries()) {
        const bytes = forOurs(payload, client);
        const isBubble = ipv6.isBubble(bytes, bytes[0] === 0 ? 8 : 0);
        if (from === SERVER) {
          receive(client, SERVER, bytes, 1000);
          const [answer] = pollDatagrams(client);
          const theirs = later.slice(index).find((datagram) => datagram.from === INSIDE && datagram.to === RELAY)!;
          const expected = forOurs(theirs.payload, client).slice(0, ipv6.LENGTH); // without the octets that one file adds
          expected[ipv6.HOP_LIMIT] = 21;
          expect(answer).toEqual({ endpoint: RELAY, via: 0, bytes: expected });
          seen.answered++;
        } else if (from === RELAY && bytes[6] === 58) {
          // The reply to their test: ours has another nonce, so it is the reply to ours that arrives.
          const first = later.find((datagram) => datagram.from === INSIDE && datagram.payload[6] === 6)!;
          expect(transmit(client, forOurs(first.payload, client), 1000)).toEqual([]);
          const [request] = pollDatagrams(client);
          expect(request!.endpoint).toBe(SERVER);
          const theirs = later.find((datagram) => datagram.to === SERVER && datagram.payload[0] === 0x60)!;
          expect(hexOf(request!.bytes.subarray(8, 41))).toBe(hexOf(forOurs(theirs.payload, client).subarray(8, 41)));
          expect(receive(client, RELAY, replyTo(request!.bytes), 1100)).toEqual([]);
          expect(pollDatagrams(client)).toEqual([{ endpoint: RELAY, via: 0, bytes: forOurs(first.payload, client) }]);
          seen.tested++;
        } else if (from === RELAY) {
          expect(receive(client, RELAY, bytes, 2000 + index).map(hexOf)).toEqual([hexOf(bytes)]);
          seen.received++;
        } else if (from === INSIDE && to === RELAY && !isBubble) {
          expect(transmit(client, bytes, 2000 + index)).toEqual([{ endpoint: RELAY, via: 0, bytes }]);
          seen.transmitted++;
        }
      }
      expect(seen).toMatchObject({ answered: 1, tested: 1 });
      expect(seen.received).toBeGreaterThan(8);
      expect(seen.transmitted).toBeGreaterThan(8);
      expect(pollPackets(client)).toEqual([]);
    },
  );

  test.each(['Teredo', 'false-teredo'])(
    '%s: what looks like Teredo and is none is dropped by every role, each with a reason',
    (name) => {
      const strangers = datagramsOf(name).filter(
        ({ source, destination, payload }) => recognize(payload, source.port, destination.port).type !== 'teredo',
      );
      expect(strangers.length).toBeGreaterThan(0);
      const roles: Role[] = [qualifiedClient().client, makeServer(), makeRelay()];
      for (const role of roles) {
        for (const [index, { source, payload }] of strangers.entries()) {
          for (const from of [formatEndpoint(source.ipv4, source.port), '198.51.100.7:53', '203.0.113.1:3544']) {
            const before = total(role);
            expect(receive(role, from, Uint8Array.from(payload), index)).toEqual([]);
            expect(pollDatagrams(role)).toEqual([]);
            expect(pollPackets(role)).toEqual([]);
            expect(total(role) - before).toBe(1);
          }
        }
      }
    },
  );
});

interface Said {
  readonly from: string;
  readonly to: string;
  readonly payload: Uint8Array;
}

function datagramsOf(name: string): CapturedDatagram[] {
  const frames = new CaptureReader().frames([readFileSync(new URL(`${name}.pcap`, CAPTURES))]);
  return [...frames].map(dissect).filter((captured) => captured.type === 'datagram');
}

function teredoOf(name: string): Said[] {
  return datagramsOf(name)
    .filter(({ source, destination, payload }) => recognize(payload, source.port, destination.port).type === 'teredo')
    .map(({ source, destination, payload }) => ({
      from: `${formatIpv4(source.ipv4)}:${source.port}`,
      to: `${formatIpv4(destination.ipv4)}:${destination.port}`,
      payload,
    }));
}

/** A client that was given the advertisement of the capture, from both addresses, as answers to its solicitations. */
function qualifiedByCapture(captured: Uint8Array): { client: Client; flags: number } {
  const random = new ScriptedRandom();
  const client = makeClient(
    { servers: [{ ipv4: SERVERS.server, ipv4Secondary: SERVERS.server2, preference: 0 }] },
    random,
  );
  for (let i = 0; i < 2; i++) random.script.push(0xcd566940, 0x0b22df88); // the nonce of the capture
  client.start(0);
  for (const server of [SERVER, SERVER2]) {
    const [solicitation] = pollDatagrams(client);
    expect(hexOf(nonceOf(solicitation!.bytes))).toBe(hexOf(nonceOf(captured)));
    const bytes = Uint8Array.from(captured);
    const packet = bytes.subarray(13 + 8);
    packet.set(ip6('fe80::ffff:ffff:fffe'), ipv6.DESTINATION); // our solicitation has no cone bit
    checksum.completeIcmpv6(packet, 0);
    receive(client, server, bytes, 100);
  }
  expect(client.mapped).toEqual({ ipv4: ip('70.55.215.234'), port: 3797 });
  expect(formatIpv6(client.address!)).toMatch(/^2001:0:4137:9e50:/);
  return { client, flags: client.address![8]! };
}

/** The datagram with our client's address in place of theirs: the two differ in their flags. */
function forOurs(payload: Uint8Array, client: Client): Uint8Array {
  return Uint8Array.from(Buffer.from(hexOf(payload).replaceAll(hexOf(XP), hexOf(client.address)), 'hex'));
}

function maskFlags(address: Uint8Array): Uint8Array {
  const masked = address.slice();
  masked.fill(0, 8, 10);
  return masked;
}

function total(role: Role): number {
  return Object.values(drops(role)).reduce((sum, count) => sum + count, 0);
}
