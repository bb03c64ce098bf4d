import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch } from '../../../src/batch/batch.ts';
import { receiveSlow } from '../../../src/roles/server/forwarding.ts';
import type { Server } from '../../../src/roles/server/server.ts';
import * as checksum from '../../../src/wire/checksum.ts';
import * as routerSolicitation from '../../../src/wire/router-solicitation.ts';
import { hexOf, icmp, join, solicitation } from '../packets.ts';
import { network } from '../scene.ts';
import { drops, hex, ip, ip6, makeServer, pollDatagrams } from '../support.ts';

/** The short way of the usual solicitation against the long way of all others, which needs no trust in it. */

const CONFIGURATIONS = [
  {},
  { mtu: 1280 },
  { security: { keys: new Map(), isRequired: false } },
  { security: { keys: new Map([['6e31', { secret: hex('01020304') }]]), isRequired: true } },
  { advertisementsPerSecond: 1, advertisementsBurst: 1 },
];
const SENDERS: readonly [string, ...string[]] = [
  '192.0.2.45',
  '203.0.113.2',
  '203.0.113.255',
  '10.0.0.1',
  '224.0.0.1',
  '0.0.0.0',
  '255.255.255.255',
];
const PORTS: readonly [number, ...number[]] = [40001, 3544, 0, 65535];
const HEADERS = ['', '0001 0000', '0001 0200 6e31', '0001 0201 6e31 aa', '0000 1234 01020304'];
const DESTINATIONS: readonly [string, ...string[]] = [
  'ff02::2',
  'ff02::1',
  'fe80::8000:f227:34ff:8efe',
  'fe80::8000:f227:3494:8ef9',
];

const datagram = fc
  .record({
    header: fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, fc.nat(HEADERS.length - 1)),
    nonce: fc.uint8Array({ minLength: 9, maxLength: 9 }),
    prefix: usually(['fe80::', 'fe80:0:0:1::', 'fe80:1::', 'fec0::', '2001:db8::']),
    identifier: fc.oneof(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.constant(new Uint8Array(8))),
    destination: usually(DESTINATIONS),
    hopLimit: usually([255, 254]),
    message: usually(['8500 0000 00000000', '8500 0000 00000001', '8501 0000 00000000', '8600 0000 00000000', '8500']),
    options: usually(['', '0101 0000 0000 0000', '0100 0000 0000 0000']),
    trafficClass: fc.constantFrom(0, 0, 7),
    spoiled: fc.option(fc.record({ at: fc.nat(), octet: fc.nat(255) }), { freq: 4 }),
    cut: usually([0, 1, 40]),
    tail: usually(['', '00', '0104 a1b2c3d4']),
  })
  .map((parts) => {
    const source = ip6(parts.prefix);
    source.set(parts.identifier, 8);
    const inner = icmp(source, parts.destination, hex(parts.message + parts.options), parts.hopLimit);
    inner[1] = parts.trafficClass;
    const header = hex(HEADERS[parts.header]!);
    const nonce = header[1] === 1 ? parts.nonce : new Uint8Array(0);
    const bytes = join(header, nonce, inner, hex(parts.tail));
    if (parts.spoiled !== null) bytes[parts.spoiled.at % bytes.length] = parts.spoiled.octet;
    return bytes.subarray(0, bytes.length - parts.cut);
  });

const arrival = fc.record({
  datagram,
  from: usually(SENDERS),
  port: usually(PORTS),
  via: fc.nat(1),
});

test('RFC 4380 §5.3.1, §5.3.2: a usual solicitation gets by the short way what it would get by the long one', () => {
  let usual = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...CONFIGURATIONS),
      fc.array(arrival, { minLength: 1, maxLength: 12 }),
      (configuration, arrivals) => {
        const [short, long] = [makeServer(configuration), makeServer(configuration)];
        for (const server of [short, long]) server.setLocalNetworks([network('203.0.113.1', 24)]);
        const batches = [batchOf(arrivals), batchOf(arrivals)] as const;
        short.receive(batches[0], 1_000);
        for (let slot = 0; slot < arrivals.length; slot++) receiveSlow(long, batches[1], slot, 1_000);
        const [answers, expected] = [told(short), told(long)];
        expect(answers).toEqual(expected);
        expect(drops(short)).toEqual(drops(long));
        expect(left(batches[0])).toEqual(left(batches[1]));
        usual += answers.length;
      },
    ),
    { seed: 4380, numRuns: 2_000 },
  );
  expect(usual).toBeGreaterThan(2_000);
});

test('RFC 4861 §6.1.1: what is usual is valid; what is valid and looks the same is usual, and no octet may be wrong', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(47), fc.nat(255), (identifier, at, octet) => {
      const source = ip6('fe80::');
      source.set(identifier, 8);
      const bytes = new Uint8Array(routerSolicitation.LENGTH);
      routerSolicitation.emit(bytes, 0, source);
      expect(routerSolicitation.isUsual(bytes, 0)).toBe(true);
      expect(routerSolicitation.isValid(bytes, 0)).toBe(true);
      bytes[at] = octet;
      if (routerSolicitation.isUsual(bytes, 0)) expect(routerSolicitation.isValid(bytes, 0)).toBe(true);
    }),
    { seed: 4380, numRuns: 5_000 },
  );
});

test('RFC 1624 §3: a checksum that is adjusted is the one that would be computed anew', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 40 }), (identifier) => {
      const words = identifier.subarray(0, identifier.length & ~1);
      const before = checksum.finish(1);
      const added = checksum.sum(words, 0, words.length, 0);
      expect(checksum.adjust(before, added)).toBe(checksum.finish(1 + added));
    }),
    { seed: 4380 },
  );
});

test('SEC-14: an outbox that is full costs the answer and nothing else', () => {
  const server = makeServer({ advertisementsPerSecond: 1e6, advertisementsBurst: 1e6 });
  const one = { datagram: solicitation(), from: '192.0.2.45', port: 40001, via: 0 };
  const batch = batchOf(Array.from({ length: 100 }, () => one));
  for (let round = 0; round < 200; round++) {
    for (let slot = 0; slot < 100; slot++) batch.length[slot] = one.datagram.length;
    server.receive(batch, 0);
  }
  const { consumed, 'queue full': full } = drops(server);
  expect(consumed! + full!).toBe(20_000);
  expect(consumed).toBeGreaterThan(8_000);
  expect(full).toBeGreaterThan(8_000);
});

/** The first value as a rule, and each of the others now and then. */
function usually<T>(values: readonly [T, ...T[]]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(values[0]) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}

interface Arrival {
  readonly datagram: Uint8Array;
  readonly from: string;
  readonly port: number;
  readonly via: number;
}

function batchOf(arrivals: readonly Arrival[]): Batch {
  const batch = new Batch(arrivals.length, new Uint8Array(arrivals.length * 256));
  for (const { datagram, from, port, via } of arrivals) batch.push(datagram, ip(from), port, via);
  return batch;
}

function told(server: Server): string[] {
  return pollDatagrams(server).map(({ endpoint, via, bytes }) => `${endpoint} ${via} ${hexOf(bytes)}`);
}

/** What goes on to the IPv6 side. */
function left(batch: Batch): string[] {
  return Array.from({ length: batch.count }, (_, slot) => hexOf(batch.packet(slot)));
}
