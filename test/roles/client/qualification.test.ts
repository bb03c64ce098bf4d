import { describe, expect, test } from 'vitest';
import { formatIpv6 } from '../../../src/wire/text.ts';
import { E1, E2, E2M } from '../../wire/examples.ts';
import { type AdvertisementParts, advertisement, hexOf, nonceOf, packet, solicitation } from '../packets.ts';
import {
  A,
  answerSolicitation,
  B,
  MAPPED_A,
  qualifiedClient,
  qualify,
  runUntil,
  ScriptedRandom,
  SERVER,
  SERVER2,
  sentences,
} from '../scene.ts';
import { drops, hex, ip6, makeClient, pollDatagrams, pollEvents, pollPackets, receive, transmit } from '../support.ts';

const NONCE = hex('0102030405060708');

describe('RFC 4380 §5.2.1: qualification', () => {
  test('CLI-10, CLI-11, CLI-20, E1: the first solicitation is E1, octet for octet', () => {
    const { client } = startedClient();
    const [sent, ...rest] = pollDatagrams(client);
    expect(rest).toEqual([]);
    expect(sent).toMatchObject({ endpoint: SERVER, via: 0 });
    expect(hexOf(sent!.bytes)).toBe(hexOf(hex(E1)));
  });

  test('CLI-18, CLI-30, CLI-31, E2, E2m: two answers with one mapping give address A', () => {
    for (const example of [E2, E2M]) {
      const { client, random } = startedClient();
      pollDatagrams(client);
      random.script.push(0x01020304, 0x05060708);
      receive(client, SERVER, hex(example), 100);
      expect(client.state).toBe('starting');
      expect(pollDatagrams(client)).toEqual([{ endpoint: SERVER2, via: 0, bytes: hex(E1) }]);
      receive(client, SERVER2, hex(example), 200); // W-05, CLI-17: from the other address, with the prefix of the first
      expect(formatIpv6(client.address!)).toBe(A);
      expect(client.nat).toBe('restricted');
      expect(drops(client)).toEqual({ consumed: 2 });
    }
  });

  test('CLI-12: three solicitations 4 s apart, each with a nonce of its own; then off-line (CLI-14)', () => {
    const { client, random } = startedClient();
    const nonces = pollDatagrams(client).map(({ bytes }) => hexOf(nonceOf(bytes)));
    for (const now of [4000, 8000]) {
      expect(client.pollTimeout()).toBe(now);
      random.script.push(now, now);
      client.handleTimeout(now);
      nonces.push(...pollDatagrams(client).map(({ bytes }) => hexOf(nonceOf(bytes))));
    }
    expect(new Set(nonces).size).toBe(3);
    expect(client.pollTimeout()).toBe(12_000);
    client.handleTimeout(12_000);
    expect(client.state).toBe('off-line');
    expect(pollDatagrams(client)).toEqual([]);
    expect(pollEvents(client).at(-1)).toMatchObject({ type: 'off-line', reason: 'primary server unreachable' });
  });

  test('CLI-18: silence of the secondary address makes the service unusable', () => {
    const { client } = startedClient();
    answerSolicitation(client, SERVER, 100);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER2}`]);
    expect(runUntil(client, 12_099)).toEqual([`4100: solicitation to ${SERVER2}`, `8100: solicitation to ${SERVER2}`]);
    client.handleTimeout(12_100);
    expect(pollEvents(client).at(-1)).toMatchObject({ type: 'off-line', reason: 'secondary server unreachable' });
  });

  test('CLI-30: another mapping at the secondary address is a symmetric NAT, and no service', () => {
    for (const other of ['192.0.2.45:40002', '192.0.2.46:40001']) {
      const { client } = startedClient();
      answerSolicitation(client, SERVER, 100);
      answerSolicitation(client, SERVER2, 200, other);
      expect(client.state).toBe('off-line');
      expect(client.nat).toBe('symmetric');
      const events = pollEvents(client).slice(2);
      expect(events).toMatchObject([
        { type: 'nat-identified', nat: 'symmetric' },
        { type: 'off-line', reason: 'symmetric NAT' },
      ]);
    }
  });

  test('CLI-104: an off-line client tries again after a pause that doubles from 4 s to 60 s', () => {
    const { client } = startedClient();
    const starts: number[] = [];
    for (let i = 0; i < 7; i++) {
      runUntil(client, client.pollTimeout() + 8000); // three solicitations, and their silence
      expect(client.state).toBe('off-line');
      const offLineAt = client.pollTimeout();
      starts.push(offLineAt);
      client.handleTimeout(offLineAt);
      expect(client.state).toBe('starting');
      pollDatagrams(client);
    }
    const pauses = starts.map((at, i) => at - 12_000 - (i === 0 ? 0 : starts[i - 1]!));
    expect(pauses.map(Math.round)).toEqual([3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000]); // 75% of each
  });

  test('CLI-13, UPD-02: no solicitation of the service port carries the cone bit, and neither does the address', () => {
    const { client } = startedClient();
    const sent = [...sentences(client), ...runUntil(client, 1e6)];
    expect(sent.length).toBeGreaterThan(30);
    expect(sent.filter((line) => line.includes('cone'))).toEqual([]);
    client.start(1e6);
    qualify(client, 1e6);
    expect(client.address![8]! & 0x80).toBe(0);
  });

  test('CLI-32: the MTU is the server’s, at most the configured one, and 1280 when it tells none', () => {
    for (const [advertised, configured, expected] of [
      [undefined, 1280, 1280],
      [1280, 1400, 1280],
      [1400, 1500, 1400],
      [65_535, 1280, 1280],
    ] as const) {
      const client = makeClient({ mtu: configured }, new ScriptedRandom());
      client.start(0);
      qualify(client, 0, MAPPED_A, advertised);
      expect(pollEvents(client).at(-1)).toMatchObject({ type: 'qualified', mtu: expected });
    }
  });

  test('CLI-07, §5.2: before it has an address the client carries nothing, and tells the host (ICMPv6 1/3)', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    expect(transmit(client, packet(A, B), 10)).toEqual([]);
    expect(receive(client, '198.51.100.77:51413', packet(B, A), 10)).toEqual([]);
    expect(pollDatagrams(client)).toEqual([]);
    expect(pollPackets(client).map((error) => [error[40], error[41]])).toEqual([[1, 3]]);
    expect(drops(client)).toEqual({ 'not qualified': 2 });
  });

  test('no NAT: the mapped endpoint is our own, and the NAT is none', () => {
    const networks = [{ ipv4: (192 << 24) | (2 << 8) | 45, prefixLength: 24 }];
    expect(qualifiedClient({}, { networks }).client.nat).toBe('none');
    expect(qualifiedClient({}, { networks, localPort: 40_000 }).client.nat).toBe('restricted');
  });

  test('stop ends all activity; start begins anew', () => {
    const { client } = qualifiedClient({ localDiscovery: true, identifyNat: true });
    client.stop(1000);
    expect(client.address).toBeUndefined();
    expect(client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(pollEvents(client)).toMatchObject([
      { type: 'socket', via: 1, open: false },
      { type: 'socket', via: 2, open: false },
      { type: 'off-line', reason: 'stopped', previous: ip6(A) },
    ]);
    client.start(2000);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER}`]);
  });

  test('start while qualified: the old address ends, and with it peers, maintenance and discovery', () => {
    const { client } = qualifiedClient({ localDiscovery: true });
    receive(client, '198.51.100.77:51413', packet(B, A), 500);
    client.start(1000);
    expect(pollEvents(client).map(({ type }) => type)).toContain('off-line');
    expect(client.address).toBeUndefined();
    expect(client.peers.size).toBe(0);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER}`]);
    expect(runUntil(client, 40_000).filter((line) => !line.includes('solicitation'))).toEqual([]);
    expect(transmit(client, packet(A, B), 40_000)).toEqual([]);
  });
});

describe('RFC 4380 §5.2.1: which advertisements are believed', () => {
  const wrong: [string, string, AdvertisementParts, string][] = [
    ['CLI-15: no origin indication', SERVER, { mapped: undefined }, 'unsolicited'],
    ['CLI-15: for another link-local address', SERVER, { destination: 'fe80::ffff:ffff:fffd' }, 'unsolicited'],
    ['CLI-15: for the address with the cone bit', SERVER, { destination: 'fe80::8000:ffff:ffff:fffe' }, 'unsolicited'],
    ['CLI-15: hop limit 254', SERVER, { spoil: put(7, 254) }, 'neighbor discovery'],
    ['CLI-15: code 1', SERVER, { spoil: put(41, 1) }, 'neighbor discovery'],
    ['CLI-15: source not link-local', SERVER, { spoil: put(8, 0x20, 1) }, 'neighbor discovery'],
    ['CLI-15: an option of length 0', SERVER, { spoil: put(57, 0) }, 'neighbor discovery'],
    ['CLI-15: an option past the end', SERVER, { spoil: put(57, 5) }, 'neighbor discovery'],
    ['CLI-15: no prefix option', SERVER, { spoil: put(56, 31) }, 'prefix'],
    ['CLI-15: two prefix options', SERVER, { spoil: twoPrefixes }, 'prefix'],
    ['CLI-15: prefix length 63', SERVER, { spoil: put(58, 63) }, 'prefix'],
    ['CLI-15: prefix length 65', SERVER, { spoil: put(58, 65) }, 'prefix'],
    ['CLI-15: not the Teredo prefix', SERVER, { spoil: put(73, 2) }, 'prefix'],
    ['CLI-17: the prefix of another server', SERVER, { server: '203.0.113.3' }, 'prefix'],
    ['CLI-17: the prefix of the secondary address', SERVER, { server: '203.0.113.2' }, 'prefix'],
    ['CLI-32: MTU 0', SERVER, { mtu: 0 }, 'mtu'],
    ['CLI-32: MTU 1279', SERVER, { mtu: 1279 }, 'mtu'],
    ['CLI-32: MTU 65536', SERVER, { mtu: 65_536 }, 'mtu'],
    ['CLI-16: from another port', '203.0.113.1:3545', {}, 'unsolicited'],
    ['CLI-16: from the secondary address', SERVER2, {}, 'unsolicited'],
    ['CLI-16: from anywhere', '198.51.100.9:3544', {}, 'unsolicited'],
    ['CLI-21: another nonce', SERVER, { nonce: hex('0102030405060709') }, 'authentication'],
    ['CLI-20: no authentication header', SERVER, { nonce: undefined! }, 'authentication'],
    ['CLI-22: unsecured, with a confirmation byte', SERVER, { confirmation: 1 }, 'authentication'],
    ['W-04, C2: a private mapping', SERVER, { mapped: '10.0.0.5:40001' }, 'not global IPv4'],
    ['C2: mapped port 0', SERVER, { mapped: '192.0.2.45:0' }, 'not global IPv4'],
    ['C2: a multicast mapping', SERVER, { mapped: '224.0.0.1:40001' }, 'not global IPv4'],
    ['SEC-07, C2: the server itself as our mapping', SERVER, { mapped: SERVER }, 'not global IPv4'],
    ['SEC-07, C2: its secondary address as our mapping', SERVER, { mapped: SERVER2 }, 'not global IPv4'],
  ];

  test.each(wrong)('C1, C2: %s: dropped, and the true one is still awaited', (_, from, parts, reason) => {
    const { client } = startedClient();
    pollDatagrams(client);
    const bytes = advertisement({ nonce: NONCE, ...parts });
    for (let i = 0; i < 3; i++) receive(client, from, bytes, 50 + i);
    expect(drops(client)).toEqual({ [reason]: 3 });
    expect(client.pollTimeout()).toBe(4000);
    receive(client, SERVER, hex(E2), 100);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER2}`]);
  });

  test('CLI-15: a bad checksum', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    const bytes = hex(E2);
    bytes[13 + 8 + 42]! ^= 1;
    receive(client, SERVER, bytes, 50);
    expect(client.state).toBe('starting');
    expect(pollDatagrams(client)).toEqual([]);
  });

  test('C2, MS15: octets behind the 64 bits of the prefix, router lifetime 0 and reachable time are nobody’s business', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    const spoil = (bytes: Uint8Array) => {
      bytes.set(hex('ff00000000200100'), 80);
      bytes.set(hex('00003a98'), 48);
      return bytes;
    };
    receive(client, SERVER, advertisement({ nonce: NONCE, spoil }), 50);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER2}`]);
  });

  test('C1: an advertisement is good once; without a solicitation there is none', () => {
    const { client } = qualifiedClient();
    for (const nonce of [hex('000018a5000018a5'), NONCE, hex('0000000000000000')]) {
      receive(client, SERVER, advertisement({ nonce, mapped: '192.0.2.99:999' }), 100);
    }
    expect(formatIpv6(client.address!)).toBe(A);
    expect(drops(client)).toEqual({ consumed: 2, unsolicited: 3 });
  });

  test('C1: an answer to a solicitation that has been repeated is no answer to the repeat', () => {
    const { client, random } = startedClient();
    pollDatagrams(client);
    random.script.push(0xaaaaaaaa, 0xbbbbbbbb);
    client.handleTimeout(4000);
    receive(client, SERVER, hex(E2), 4100);
    expect(drops(client)).toEqual({ authentication: 1 });
  });

  test('C3: other neighbor discovery in place of an advertisement changes nothing', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    receive(client, SERVER, solicitation(), 50);
    expect(client.state).toBe('starting');
    expect(drops(client)).toEqual({ 'not qualified': 1 });
  });
});

function startedClient() {
  const random = new ScriptedRandom();
  const client = makeClient({}, random);
  random.script.push(0x01020304, 0x05060708);
  client.start(0);
  return { client, random };
}

/** Writes octets into a packet. */
function put(at: number, ...values: number[]): (packet: Uint8Array) => Uint8Array {
  return (bytes) => {
    bytes.set(values, at);
    return bytes;
  };
}

function twoPrefixes(inner: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(inner.length + 32);
  bytes.set(inner);
  bytes.set(inner.subarray(56, 88), inner.length);
  bytes[5] = inner[5]! + 32;
  return bytes;
}
