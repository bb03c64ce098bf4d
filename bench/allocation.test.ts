import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Batch } from '../src/batch/batch.ts';
import type { Role } from '../src/roles/role.ts';
import { bubble, packetOf, replyTo, solicitation, withAuthentication } from '../test/roles/packets.ts';
import { A, B, MAPPED_A, MAPPED_B, NATIVE, qualifiedClient, RELAY } from '../test/roles/scene.ts';
import { ip, makeRelay, makeServer, pollDatagrams, receive, transmit } from '../test/roles/support.ts';

/** The fast paths: 100,000 packets each way, and the heap does not grow with them. */

const PACKETS = 100_000;
/** Whatever a packet leaves behind is there in each of them; what the compiler leaves, when it comes late, is not. */
const ROUNDS = 5;
const BATCH = 64;
/**
 * Octets of heap for all packets together. One object or boxed number a packet would be 1.2 million at least; what
 * the measurement itself and the compiler need stays far below this.
 */
const GROWTH_MAX = 400_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('100,000 packets leave nothing on the heap', () => {
  test('client, UDP to IPv6: from a peer', () => {
    expect(growth(trustingClient(), 'receive', MAPPED_B, packetOf(1280, B, A))).toBeLessThan(GROWTH_MAX);
  });

  test('client, UDP to IPv6: from a relay', () => {
    expect(growth(trustingClient(), 'receive', RELAY, packetOf(1280, NATIVE, A))).toBeLessThan(GROWTH_MAX);
  });

  test('client, IPv6 to UDP', () => {
    expect(growth(trustingClient(), 'transmit', MAPPED_B, packetOf(1280, A, B))).toBeLessThan(GROWTH_MAX);
  });

  test('relay, UDP to IPv6', () => {
    expect(growth(trustingRelay(), 'receive', MAPPED_A, packetOf(1280, A, NATIVE))).toBeLessThan(GROWTH_MAX);
  });

  test('relay, IPv6 to UDP', () => {
    expect(growth(trustingRelay(), 'transmit', MAPPED_A, packetOf(1280, NATIVE, A))).toBeLessThan(GROWTH_MAX);
  });

  test('server: usual solicitations, with and without authentication', () => {
    expect(growth(answeringServer(), 'receive', MAPPED_A, withAuthentication(solicitation()), 'answer')).toBeLessThan(
      GROWTH_MAX,
    );
    expect(growth(answeringServer(), 'receive', MAPPED_A, solicitation(), 'answer')).toBeLessThan(GROWTH_MAX);
  });

  test('the measure sees one small object a packet', () => {
    const kept: object[] = [];
    const wasteful: Pick<Role, 'receive'> = {
      receive: (batch) => {
        for (let slot = 0; slot < batch.count; slot++) kept[slot] = { slot };
      },
    };
    const role = { ...wasteful, transmit: wasteful.receive } as unknown as Role;
    expect(growth(role, 'receive', RELAY, packetOf(1280, NATIVE, A))).toBeGreaterThan(GROWTH_MAX);
  });
});

/**
 * Octets by which the heap has grown when all packets have passed; every one of them must have, or every one must have
 * been answered.
 */
function growth(
  role: Role,
  way: 'receive' | 'transmit',
  endpoint: string,
  packet: Uint8Array,
  fate: 'pass' | 'answer' = 'pass',
): number {
  const batch = new Batch(BATCH, new Uint8Array(BATCH * 1400));
  const [address, port] = endpoint.split(':') as [string, string];
  const ipv4 = ip(address);
  for (let slot = 0; slot < BATCH; slot++) batch.push(packet, ipv4, Number(port));
  const answers = new Batch(BATCH, new Uint8Array(BATCH * 1400));
  const pass = (count: number, from: number) => {
    for (let i = 0; i < count; i += BATCH) {
      role[way](batch, from + i / 1000);
      if (fate === 'answer') {
        answers.clear();
        role.pollDatagrams(answers);
        if (answers.count !== BATCH) throw new Error('not answered');
        batch.length.fill(packet.length);
      }
      for (let slot = 0; slot < BATCH; slot++) if (batch.length[slot] !== packet.length) throw new Error('not passed');
    }
  };
  pass(PACKETS, 100); // until the compiler is done
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    collect();
    let grown = 0;
    // In pieces, so that a collection in between can hide one of them only.
    for (let piece = 0; piece < 10; piece++) {
      const before = process.memoryUsage().heapUsed;
      pass(PACKETS / 10, 200);
      grown += Math.max(0, process.memoryUsage().heapUsed - before);
    }
    least = Math.min(least, grown);
  }
  return least;
}

/** Trusts peer B, and the relay of the native host. */
function trustingClient(): Role {
  const { client } = qualifiedClient();
  receive(client, MAPPED_B, bubble(B, A), 0);
  transmit(client, packetOf(100, A, NATIVE), 0);
  const request = pollDatagrams(client).find(({ bytes }) => bytes[40] === 128);
  receive(client, RELAY, replyTo(request!.bytes), 0);
  pollDatagrams(client);
  return client;
}

/** Its limit for one IPv4 address must not be what ends the test. */
function answeringServer(): Role {
  return makeServer({ advertisementsPerSecond: 1e7, advertisementsBurst: 1e7 });
}

function trustingRelay(): Role {
  const relay = makeRelay();
  transmit(relay, packetOf(100, NATIVE, A), 0);
  const [asked] = pollDatagrams(relay);
  receive(relay, MAPPED_A, bubble(A, asked!.bytes.slice(8, 24)), 0);
  pollDatagrams(relay);
  return relay;
}
