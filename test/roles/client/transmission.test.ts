import { describe, expect, test } from 'vitest';
import { Batch } from '../../../src/batch/batch.ts';
import { formatIpv4 } from '../../../src/wire/text.ts';
import { E5, E10 } from '../../wire/examples.ts';
import { bubble, echoRequest, hexOf, icmp, packet, packetOf, replyTo, teredoAddress, withOrigin } from '../packets.ts';
import {
  A,
  B,
  MAPPED_A,
  MAPPED_B,
  NATIVE,
  network,
  qualifiedClient,
  RELAY,
  runUntil,
  SERVER,
  SERVER_B,
  sentences,
} from '../scene.ts';
import { drops, hex, ip6, pollDatagrams, pollEvents, pollPackets, receive, transmit } from '../support.ts';

const TO_B = packet(A, B);
const TO_NATIVE = packet(A, NATIVE);
const PAIR_TO_B = [`bubble ${A} > ${B} to ${MAPPED_B}`, `bubble ${A} > ${B} to ${SERVER_B}`];
const TEST = `echo request ${A} > ${NATIVE} to ${SERVER}`;

describe('RFC 4380 §5.2.4: where a packet goes', () => {
  test('CLI-40, CLI-41, case 1: to a trusted peer heard less than 30 s ago, at once; the last transmission is noted', () => {
    const { client } = qualifiedClient();
    receive(client, MAPPED_B, packet(B, A), 0);
    for (const now of [0, 24_999, 29_999]) {
      expect(transmit(client, TO_B, now)).toMatchObject([{ endpoint: MAPPED_B, via: 0 }]);
      expect(client.peers.lastTransmissionAt[client.peers.find(ip6(B), 0)]).toBe(now);
    }
    expect(transmit(client, TO_B, 30_000)).toEqual([]);
  });

  test('CLI-45, CLI-80, CLI-81, CLI-84, E5, case 5: queued; one direct and one indirect bubble, octet for octet', () => {
    const { client } = qualifiedClient();
    expect(transmit(client, TO_B, 0)).toEqual([]);
    const sent = pollDatagrams(client);
    expect(sent.map(({ endpoint }) => endpoint)).toEqual([MAPPED_B, SERVER_B]);
    for (const { bytes, via } of sent) expect([hexOf(bytes), via]).toEqual([hexOf(hex(E5)), 0]);
    expect(client.peers.bubbles[client.peers.find(ip6(B), 0)]).toBe(1);
  });

  test('CLI-46, UPD-03: the cone bit in a peer’s address changes nothing', () => {
    const { client } = qualifiedClient();
    const cone = teredoAddress('198.51.100.1', MAPPED_B, 0x8000);
    expect(transmit(client, packet(A, cone), 0)).toEqual([]);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([MAPPED_B, SERVER_B]);
  });

  test('CLI-48, CLI-49: repeated after 2 s, three times; then the host is told (ICMPv6 1/3) and CLI-83 holds', () => {
    const { client } = qualifiedClient();
    transmit(client, TO_B, 0);
    expect(sentences(client)).toEqual(PAIR_TO_B);
    expect(runUntil(client, 7999)).toEqual(
      [2000, 4000, 6000].flatMap((at) => PAIR_TO_B.map((line) => `${at}: ${line}`)),
    );
    expect(pollPackets(client)).toEqual([]);
    client.handleTimeout(8000);
    const [error, ...rest] = pollPackets(client);
    expect(rest).toEqual([]);
    expect([error![40], error![41]]).toEqual([1, 3]);
    expect(error!.subarray(48)).toEqual(TO_B);
    expect(pollEvents(client)).toMatchObject([{ type: 'peer-unreachable', peer: ip6(B) }]);
    expect(drops(client)).toMatchObject({ unanswered: 1 });

    transmit(client, TO_B, 10_000); // no fifth pair
    expect(sentences(client)).toEqual([]);
    expect(pollPackets(client)).toHaveLength(1);
    transmit(client, TO_B, 6000 + 299_999);
    expect(sentences(client)).toEqual([]);
    transmit(client, TO_B, 6000 + 300_000);
    expect(sentences(client)).toEqual(PAIR_TO_B);
  });

  test('CLI-84: a direct word from the peer gives it a whole budget again', () => {
    const { client } = qualifiedClient();
    transmit(client, TO_B, 0);
    runUntil(client, 6000);
    receive(client, MAPPED_B, bubble(B, A), 7000);
    expect(client.peers.bubbles[client.peers.find(ip6(B), 0)]).toBe(0);
    pollDatagrams(client);
    transmit(client, TO_B, 37_000);
    expect(sentences(client)).toEqual(PAIR_TO_B);
  });

  test('CLI-82: a bubble of ours less than 2 s ago, whatever for, delays the next', () => {
    const { client } = qualifiedClient();
    receive(client, SERVER, withOrigin(MAPPED_B, bubble(B, A)), 0);
    expect(sentences(client)).toHaveLength(1);
    transmit(client, TO_B, 500);
    expect(sentences(client)).toEqual([]);
    // What is left of the 2 s, not 2 s more.
    expect(runUntil(client, 2500)).toEqual(PAIR_TO_B.map((line) => `2000: ${line}`));
  });

  test('CLI-42, CLI-90, CLI-91, case 2, W-15, E10: queued; a connectivity test with 64 random bits, to our server', () => {
    const { client, random } = qualifiedClient();
    random.script.push(0xa1a2a3a4, 0xa5a6a7a8, 0x1234);
    expect(transmit(client, TO_NATIVE, 0)).toEqual([]);
    const [sent, ...rest] = pollDatagrams(client);
    expect(rest).toEqual([]);
    expect(sent).toMatchObject({ endpoint: SERVER, via: 0 });
    const expected = hex(E10);
    expected[7] = 21; // E10 has hop limit 64
    expect(hexOf(sent!.bytes)).toBe(hexOf(expected));
  });

  test('CLI-48, CLI-93, case 2: one test in flight, repeated after 2 s, three times; then given up', () => {
    const { client } = qualifiedClient();
    for (let now = 0; now < 2000; now += 100) transmit(client, TO_NATIVE, now);
    expect(sentences(client)).toEqual([TEST]);
    expect(runUntil(client, 7999)).toEqual([2000, 4000, 6000].map((at) => `${at}: ${TEST}`));
    client.handleTimeout(8000);
    expect(pollPackets(client)).toHaveLength(4);
    expect(client.pollTimeout()).toBeGreaterThan(8000);
  });

  test('CLI-65, case 2 of §5.2.3: the reply to any test of the round counts, and what waited leaves in its order', () => {
    const { client } = qualifiedClient();
    const waiting = [1, 2, 3, 4].map((n) => packet(A, NATIVE, { payload: Uint8Array.of(n) }));
    for (const one of waiting) transmit(client, one, 0);
    const [first] = pollDatagrams(client);
    runUntil(client, 4000);
    expect(receive(client, RELAY, replyTo(first!.bytes), 4100)).toEqual([]); // M-6: it ends with us
    expect(pollDatagrams(client)).toEqual(waiting.map((bytes) => ({ endpoint: RELAY, via: 0, bytes })));
    expect(client.pollTimeout()).toBeGreaterThan(8000);
  });

  test('§5.2.4: a native peer that keeps answering is never tested again', () => {
    const { client } = qualifiedClient();
    transmit(client, TO_NATIVE, 0);
    const [request] = pollDatagrams(client);
    receive(client, RELAY, replyTo(request!.bytes), 100);
    pollDatagrams(client);
    for (let now = 1000; now < 120_000; now += 1000) {
      expect(transmit(client, TO_NATIVE, now)).toMatchObject([{ endpoint: RELAY }]);
      expect(receive(client, RELAY, packet(NATIVE, A), now + 1)).toHaveLength(1);
    }
    expect(runUntil(client, 120_000).filter((line) => !line.includes('solicitation'))).toEqual([]);
  });

  test('a flow in one direction: the silent peer is asked from 25 s on, and packets go on meanwhile', () => {
    const { client } = qualifiedClient();
    receive(client, MAPPED_B, packet(B, A), 0);
    const askedAt: number[] = [];
    for (let now = 100; now < 61_000; now += 100) {
      expect(transmit(client, TO_B, now), `${now}`).toHaveLength(1);
      if (sentences(client).length > 0) {
        askedAt.push(now);
        receive(client, MAPPED_B, bubble(B, A), now + 50);
      }
    }
    expect(askedAt).toEqual([25_000, 50_100]);
  });

  test('§5.2.4: packets that wait for a peer that fell silent leave with its next packet, of whatever kind', () => {
    const { client } = qualifiedClient();
    transmit(client, TO_NATIVE, 0);
    const [request] = pollDatagrams(client);
    receive(client, RELAY, replyTo(request!.bytes), 0);
    pollDatagrams(client);
    // A stranger's packet starts a test shortly before the relay's validity ends.
    receive(client, '192.0.2.201:3545', packet(NATIVE, A), 29_500);
    const [second] = pollDatagrams(client);
    expect(transmit(client, TO_NATIVE, 30_500)).toEqual([]);
    receive(client, RELAY, replyTo(second!.bytes), 30_600);
    expect(sent(pollDatagrams(client))).toEqual([RELAY]);
  });

  test('§5.2.4: and so they do when a Teredo peer comes back while it is being asked', () => {
    const { client } = qualifiedClient();
    receive(client, MAPPED_B, packet(B, A), 0);
    expect(transmit(client, TO_B, 40_000)).toEqual([]);
    pollDatagrams(client);
    expect(receive(client, MAPPED_B, packet(B, A), 40_100)).toHaveLength(1);
    expect(sent(pollDatagrams(client))).toEqual([MAPPED_B]);
    expect(runUntil(client, 50_000).filter((line) => line.includes('bubble'))).toEqual([]);
  });

  test('CLI-47, SEC-01, SEC-03: nothing for or toward addresses that are not global unicast, and no word about it', () => {
    const networks = [network('198.51.100.9', 24), network('192.168.1.10', 24)];
    const { client } = qualifiedClient({}, { networks });
    const refused = [
      '0.0.0.1',
      '10.1.2.3',
      '127.0.0.1',
      '169.254.9.9',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.7.7',
      '192.88.99.1',
      '224.0.0.253',
      '239.1.1.1',
      '255.255.255.255',
      '198.51.100.255',
    ];
    for (const ipv4 of refused) {
      expect(transmit(client, packet(A, teredoAddress('203.0.113.1', `${ipv4}:4000`)), 0)).toEqual([]);
      expect(transmit(client, packet(A, teredoAddress(ipv4, '203.0.113.77:4000')), 0), `server ${ipv4}`).toEqual([]);
    }
    expect(transmit(client, packet(A, teredoAddress('203.0.113.1', '203.0.113.77:0')), 0)).toEqual([]);
    expect(sentences(client)).toEqual([]);
    expect(pollPackets(client)).toEqual([]);
    expect(client.peers.size).toBe(0);
    expect(drops(client)).toMatchObject({ 'not global IPv4': 2 * refused.length + 1 });
  });

  test('SEC-02: documentation ranges, 100.64.0.0/10, 198.18.0.0/15 and 240.0.0.0/4 pass', () => {
    const { client } = qualifiedClient();
    for (const ipv4 of [
      '100.64.0.1',
      '192.0.2.7',
      '198.18.0.1',
      '198.51.100.9',
      '203.0.113.9',
      '240.0.0.1',
      '255.255.255.254',
      '172.32.0.1',
    ]) {
      transmit(client, packet(A, teredoAddress('203.0.113.1', `${ipv4}:4000`)), 0);
      expect(sent(pollDatagrams(client))).toEqual([`${ipv4}:4000`, SERVER]);
    }
  });

  test('SEC-08: nothing toward our own mapping or our own endpoint', () => {
    const { client } = qualifiedClient({}, { networks: [network('198.18.0.9', 24)] });
    for (const mapped of [MAPPED_A, '198.18.0.9:40001']) {
      expect(transmit(client, packet(A, teredoAddress('203.0.113.9', mapped)), 0)).toEqual([]);
    }
    expect(transmit(client, packet(A, A), 0)).toEqual([]);
    expect(sentences(client)).toEqual([]);
  });

  test('SEC-01: a network the host joins later closes the way to its directed broadcast', () => {
    const { client } = qualifiedClient();
    const peer = teredoAddress('203.0.113.1', '198.51.100.255:4000');
    receive(client, '198.51.100.255:4000', packet(peer, A), 0);
    expect(transmit(client, packet(A, peer), 10)).toHaveLength(1);
    transmit(client, packet(A, teredoAddress('203.0.113.1', '198.51.100.255:4001')), 10);
    pollDatagrams(client);
    client.setLocalNetworks([network('198.51.100.9', 24)]);
    expect(transmit(client, packet(A, peer), 20)).toEqual([]);
    expect(runUntil(client, 20_000).filter((line) => line.includes('to 198.51.100.255'))).toEqual([]);
  });

  test('CLI-50: a packet that is not from our address is refused (ICMPv6 1/1), one within the host’s scope in silence', () => {
    const { client } = qualifiedClient();
    transmit(client, packet('2001:db8:9::9', B), 0);
    expect(pollPackets(client).map((error) => [error[40], error[41]])).toEqual([[1, 1]]);
    for (const [from, to] of [
      ['fe80::1', 'ff02::2'],
      [A, 'ff02::1:3'],
      [A, 'ff0e::1'],
      ['::', 'ff02::16'],
      [A, 'fe80::1'],
    ] as const) {
      transmit(client, packet(from, to), 0);
    }
    transmit(client, hex('6000'), 0);
    transmit(client, hex('4500001400000000400100000a0000010a000002'), 0);
    expect(pollPackets(client)).toEqual([]);
    expect(sentences(client)).toEqual([]);
  });

  test('SEC-16, CLI-49: at most 10 ICMPv6 errors at once and 10 a second; none about an error or a multicast', () => {
    const { client } = qualifiedClient();
    for (let i = 0; i < 100; i++) transmit(client, packet('2001:db8:9::9', B), 0);
    expect(pollPackets(client)).toHaveLength(10);
    for (let i = 0; i < 100; i++) transmit(client, packet('2001:db8:9::9', B), 1000);
    expect(pollPackets(client)).toHaveLength(10);
    transmit(client, icmp('2001:db8:9::9', B, hex('0103000000000000')), 3000);
    transmit(client, packet('ff02::1', B), 3000);
    transmit(client, packet('::', B), 3000);
    expect(pollPackets(client)).toEqual([]);
    transmit(client, packetOf(1280, '2001:db8:9::9', B), 3000);
    expect(pollPackets(client)[0]).toHaveLength(1280);
  });
});

describe('packets that wait', () => {
  test('CLI-45: first in, first out; what is beyond four packets or 5120 octets a peer is refused', () => {
    const { client } = qualifiedClient();
    for (const n of [1, 2, 3, 4, 5]) transmit(client, packet(A, B, { payload: Uint8Array.of(n) }), 0);
    pollDatagrams(client);
    receive(client, MAPPED_B, bubble(B, A), 100);
    expect(pollDatagrams(client).map(({ bytes }) => bytes[40])).toEqual([1, 2, 3, 4]);
    expect(drops(client)).toMatchObject({ 'queue full': 1 });

    for (const length of [3000, 2000, 120, 121]) transmit(client, packetOf(length, A, NATIVE), 0);
    const [request] = pollDatagrams(client);
    receive(client, RELAY, replyTo(request!.bytes), 100);
    expect(pollDatagrams(client).map(({ bytes }) => bytes.length)).toEqual([3000, 2000, 120]);
  });

  test('a super-packet keeps its segment size while it waits, and one may always wait', () => {
    const { client } = qualifiedClient();
    const batch = new Batch(2, new Uint8Array(1 << 17));
    batch.push(packetOf(40_000, A, B), 0, 0, 0, 1220);
    client.transmit(batch, 0);
    expect(batch.length[0]).toBe(0);
    pollDatagrams(client);
    receive(client, MAPPED_B, bubble(B, A), 100);
    const out = new Batch(4, new Uint8Array(1 << 17));
    client.pollDatagrams(out);
    expect(out.count).toBe(1);
    expect([out.length[0], out.segment[0], formatIpv4(out.ipv4[0]!), out.port[0]]).toEqual([
      40_000,
      1220,
      '198.51.100.77',
      51_413,
    ]);
  });

  test('SEC-12: what waits for a peer that is pushed out of the table ends, and its asking too', () => {
    const { client } = qualifiedClient({ untrustedPeersMax: 2 });
    const others = [1, 2, 3].map((n) => teredoAddress('203.0.113.1', `203.0.113.77:${4000 + n}`));
    for (const other of others) transmit(client, packet(A, other), 0);
    pollDatagrams(client);
    expect(client.peers.size).toBe(2);
    expect(drops(client)).toMatchObject({ 'queue full': 1 });
    const sentLater = runUntil(client, 2000);
    expect(sentLater).toHaveLength(4);
    expect(sentLater.filter((line) => line.includes(':4001'))).toEqual([]);
    receive(client, '203.0.113.77:4001', bubble(others[0]!, A), 2100);
    expect(pollDatagrams(client)).toEqual([]);
  });

  test('M-6: echo requests of the host itself and their replies pass like anything else', () => {
    const { client } = qualifiedClient();
    const ping = echoRequest(A, NATIVE);
    transmit(client, ping, 0);
    const [request] = pollDatagrams(client);
    receive(client, RELAY, replyTo(request!.bytes), 100);
    expect(sent(pollDatagrams(client))).toEqual([RELAY]);
    expect(receive(client, RELAY, replyTo(ping), 200)).toEqual([replyTo(ping)]);
  });
});

function sent(datagrams: readonly { endpoint: string }[]): string[] {
  return datagrams.map(({ endpoint }) => endpoint);
}
