import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src/roles/client/client.ts';
import { E5_SWAPPED, E7, E8, E12, E12_ANSWER, E13_DISCARD, W7_DELIVERED } from '../../wire/examples.ts';
import { bubble, echoRequest, hexOf, icmp, join, packet, replyTo, teredoAddress, withOrigin } from '../packets.ts';
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
  SERVER2,
  sentences,
} from '../scene.ts';
import { drops, hex, ip6, pollDatagrams, pollEvents, pollPackets, receive, transmit } from '../support.ts';

const FROM_B = packet(B, A);

describe('RFC 4380 §5.2.3: what is taken from whom', () => {
  test('CLI-60: what is no Teredo packet is dropped in silence', () => {
    const { client } = qualifiedClient();
    for (const bytes of ['', '60', '0000', '0001', '00010000', '45000014', '6000000000013b15', '0000000000000000']) {
      expect(receive(client, MAPPED_B, hex(bytes), 10)).toEqual([]);
    }
    expect(receive(client, MAPPED_B, FROM_B.subarray(0, FROM_B.length - 1), 10)).toEqual([]);
    expect(silent(client)).toBe(true);
    expect(client.peers.size).toBe(0);
  });

  test('CLI-61: a packet for another address, if only in its flags (C12), is not ours', () => {
    const { client } = qualifiedClient();
    for (const to of [NATIVE, 'ff02::1:2', 'fe80::1', teredoAddress('203.0.113.1', MAPPED_A, 0x18a4)]) {
      expect(receive(client, MAPPED_B, packet(B, to), 10)).toEqual([]);
    }
    expect(drops(client)).toMatchObject({ 'not for us': 4 });
    expect(client.peers.size).toBe(0);
  });

  test('CLI-64, case 1: a trusted peer from its mapping is accepted', () => {
    const { client } = trusting();
    expect(receive(client, MAPPED_B, FROM_B, 5000)).toEqual([FROM_B]);
    expect(client.peers.lastReceptionAt[peerOf(client, B)]).toBe(5000);
  });

  test('CLI-66, case 3: the mapping in a Teredo source is the sender’s: packet accepted, peer trusted', () => {
    const { client } = qualifiedClient();
    expect(receive(client, MAPPED_B, FROM_B, 100)).toEqual([FROM_B]);
    const peer = peerOf(client, B);
    expect([client.peers.trusted[peer], client.peers.bubbles[peer], client.peers.lastReceptionAt[peer]]).toEqual([
      1, 0, 100,
    ]);
    expect(client.peers.lastTransmissionAt[peer]).toBeLessThanOrEqual(100 - 30_000);
    expect(pollEvents(client)).toMatchObject([{ type: 'peer-trusted', peer: ip6(B) }]);
    expect(sent(transmit(client, packet(A, B), 200))).toEqual([MAPPED_B]);
  });

  test('CLI-66, case 3: a bubble does the same and ends there; packets that waited leave in their order', () => {
    const { client } = qualifiedClient();
    const waiting = [1, 2, 3].map((n) => packet(A, B, { payload: Uint8Array.of(n) }));
    for (const one of waiting) expect(transmit(client, one, 0)).toEqual([]);
    pollDatagrams(client);
    expect(receive(client, MAPPED_B, hex(E5_SWAPPED), 100)).toEqual([]);
    expect(pollDatagrams(client)).toEqual(waiting.map((bytes) => ({ endpoint: MAPPED_B, via: 0, bytes })));
    expect(drops(client)).toEqual({ consumed: 3 });
  });

  test('CLI-66, E8, W-20: trailers behind a bubble are no part of it', () => {
    const { client } = qualifiedClient();
    expect(receive(client, MAPPED_B, hex(E8), 100)).toEqual([]);
    expect(client.peers.trusted[peerOf(client, B)]).toBe(1);
  });

  test('W-17, W-18, W-19, E13, C16: trailers of every kind, and what they do to the packet', () => {
    const cases: [string, boolean][] = [
      ['4100', false],
      ['7f00', false],
      ['8100 0104deadbeef', true],
      ['0104de', true],
      ['31323334', true],
      ['01', true],
      ['0200'.repeat(200), true],
      ['0103aabbcc', true],
      ['0105aabbccddee', true],
      ['0104deadbeef 0104deadbeee', true],
      ['0302 0000', false],
      ['0307 0000 0102030405', false],
      ['0509', true],
    ];
    for (const [trailers, isTaken] of cases) {
      const { client } = qualifiedClient();
      const taken = receive(client, MAPPED_B, join(FROM_B, hex(trailers)), 10);
      expect(taken.map(hexOf), trailers).toEqual(isTaken ? [hexOf(FROM_B)] : []);
      expect(client.peers.size).toBe(isTaken ? 1 : 0);
    }
    const { client } = qualifiedClient();
    receive(client, SERVER, withOrigin(MAPPED_B, hex(E13_DISCARD)), 10);
    expect(silent(client)).toBe(true);
  });

  test('SEC-04: a Teredo source with another mapping than the sender’s is not believed, trusted peer or not', () => {
    const { client } = trusting();
    for (const from of ['198.51.100.77:51414', '198.51.100.78:51413', SERVER, RELAY]) {
      expect(receive(client, from, FROM_B, 100)).toEqual([]);
    }
    expect(drops(client)).toMatchObject({ 'mapping mismatch': 4 });
    expect(sent(transmit(client, packet(A, B), 200))).toEqual([MAPPED_B]);
  });

  test('SEC-06, C6: a private mapping is not believed though the sender has it', () => {
    const { client } = qualifiedClient({}, { networks: [network('192.168.1.10', 24)] });
    for (const from of ['10.0.0.5:4000', '192.168.1.7:4000', '127.0.0.1:4000', '172.16.0.1:4000', '169.254.1.1:4000']) {
      expect(receive(client, from, packet(teredoAddress('203.0.113.1', from), A), 10)).toEqual([]);
    }
    expect(drops(client)).toMatchObject({ 'not global IPv4': 5 });
    expect(client.peers.size).toBe(0);
  });

  test('SEC-08, C12: our own address as source, or our own mapping with other flags, is a loop', () => {
    const { client } = qualifiedClient();
    for (const from of [MAPPED_A, MAPPED_B, SERVER]) {
      expect(receive(client, from, packet(A, A), 10)).toEqual([]);
      expect(receive(client, from, packet(teredoAddress('203.0.113.1', MAPPED_A, 1), A), 10)).toEqual([]);
      expect(
        receive(client, from, withOrigin(MAPPED_A, bubble(teredoAddress('203.0.113.1', MAPPED_A, 1), A)), 10),
      ).toEqual([]);
    }
    expect(silent(client)).toBe(true);
    expect(client.peers.size).toBe(0);
  });

  test('C12: a Teredo packet in a Teredo packet, ten times over, is one packet', () => {
    const { client } = qualifiedClient();
    let nested = FROM_B;
    for (let i = 0; i < 10; i++) nested = packet(B, A, { next: 17, payload: nested });
    expect(receive(client, MAPPED_B, nested, 10)).toEqual([nested]);
    expect(silent(client)).toBe(true);
  });

  test('CLI-70, C3: link-local, unspecified, loopback and multicast sources never reach the host', () => {
    const { client } = trusting();
    for (const source of ['fe80::1', '::', '::1', 'ff02::1', 'fec0::1', '::192.0.2.1']) {
      for (const from of [MAPPED_B, SERVER, RELAY]) {
        expect(receive(client, from, packet(source, A), 100)).toEqual([]);
        expect(receive(client, from, bubble(source, A), 100)).toEqual([]);
      }
    }
    expect(silent(client)).toBe(true);
  });

  test('C3: no neighbor discovery reaches the host, not behind extension headers either', () => {
    const { client } = trusting();
    for (const type of [133, 134, 135, 136, 137]) {
      const message = join(Uint8Array.of(type, 0, 0, 0), new Uint8Array(20));
      const plain = icmp(B, A, message);
      const hopByHop = packet(B, A, { next: 0, payload: join(hex('3a00010400000000'), plain.subarray(40)) });
      const destinationOptions = packet(B, A, { next: 60, payload: join(hex('3a00010400000000'), plain.subarray(40)) });
      const twice = packet(B, A, { next: 0, payload: join(hex('3c00010400000000'), destinationOptions.subarray(40)) });
      const atomicFragment = packet(B, A, { next: 44, payload: join(hex('3a00000000000001'), plain.subarray(40)) });
      const firstFragment = packet(B, A, { next: 44, payload: join(hex('3a00000100000001'), plain.subarray(40)) });
      for (const one of [plain, hopByHop, destinationOptions, twice, atomicFragment, firstFragment]) {
        expect(receive(client, MAPPED_B, one, 100).map(hexOf), `type ${type}`).toEqual([]);
      }
    }
    expect(silent(client)).toBe(true);
  });

  test('SEC-10, C13: routing headers of type 0 and 2 end here, others and odd chains pass', () => {
    const { client } = trusting();
    const routing = (type: number) =>
      packet(B, A, { next: 43, payload: join(Uint8Array.of(59, 0, type, 1), new Uint8Array(4)) });
    const behind = packet(B, A, { next: 0, payload: join(hex('2b00010400000000'), routing(0).subarray(40)) });
    for (const one of [routing(0), routing(2), behind]) expect(receive(client, MAPPED_B, one, 100)).toEqual([]);
    expect(drops(client)).toMatchObject({ 'routing header': 3 });
    const jumbo = packet(B, A, { next: 0, payload: hex('3a00c20400010000') });
    const longOptions = packet(B, A, { next: 0, payload: join(hex('3bff'), new Uint8Array(2046)) });
    for (const one of [routing(4), jumbo, longOptions]) expect(receive(client, MAPPED_B, one, 100)).toEqual([one]);
  });
});

describe('RFC 4380 §5.2.3 and §5.2.6: a bubble through the server', () => {
  test('CLI-63, CLI-86, E12: the answer goes to the origin, octet for octet as the ledger says', () => {
    const { client } = qualifiedClient();
    receive(client, SERVER, hex(E12), 100);
    expect(pollDatagrams(client)).toEqual([{ endpoint: RELAY, via: 0, bytes: hex(E12_ANSWER) }]);
    expect(client.peers.size).toBe(0);
  });

  test('CLI-63, E7: from a peer, with its origin and trailers', () => {
    const { client } = qualifiedClient({}, { mapped: MAPPED_B });
    // E7 is for B: the same bubble for A is answered to B's origin.
    const toA = hex(E7);
    toA.set(ip6(B), 8 + 8);
    toA.set(client.address!, 8 + 24);
    receive(client, SERVER, toA, 100);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([MAPPED_A]);
  });

  test('CLI-63, W7: without origin the answer goes to the mapping in the Teredo source', () => {
    const { client } = qualifiedClient();
    const bytes = hex(W7_DELIVERED);
    bytes.set(ip6(A), 24);
    receive(client, SERVER, bytes, 100);
    const source = bytes.slice(8, 24);
    expect(sentences(client)).toEqual([`bubble ${A} > 2001:0:5ef5:79fd:3098:1099:acae:8abb to 83.81.117.68:61286`]);
    expect(client.peers.find(source, 0)).toBeGreaterThanOrEqual(0);
  });

  test('CLI-63: neither origin nor Teredo source: nobody to answer', () => {
    const { client } = qualifiedClient();
    for (const source of ['fe80::1', NATIVE, '::', 'ff02::1']) receive(client, SERVER, bubble(source, A), 100);
    expect(silent(client)).toBe(true);
  });

  test('CLI-62: only the primary address at port 3544 is the server', () => {
    const { client } = qualifiedClient();
    for (const from of [SERVER2, '203.0.113.1:3545', RELAY]) receive(client, from, hex(E12), 100);
    expect(silent(client)).toBe(true);
  });

  test('C11, SEC-01: an origin that is not global unicast, or our own, is not answered', () => {
    const { client } = qualifiedClient({}, { networks: [network('198.18.0.9', 24)] });
    const origins = ['10.0.0.1:1', '192.168.1.1:53', '127.0.0.1:53', '224.0.0.1:1', '255.255.255.255:1', '0.0.0.1:1'];
    for (const origin of [...origins, '192.0.2.200:0', MAPPED_A, '198.18.0.255:9', '198.18.0.9:40001']) {
      receive(client, SERVER, withOrigin(origin, bubble('fe80::1', A)), 100);
      receive(client, SERVER, withOrigin(origin, bubble(B, A)), 100);
    }
    expect(silent(client)).toBe(true);
    expect(drops(client)).toMatchObject({ 'not global IPv4': 20 });
  });

  test('C11: what is no bubble is never answered, whatever origin it names', () => {
    const { client } = qualifiedClient();
    receive(client, SERVER, withOrigin('198.51.100.200:53', packet(B, A)), 100);
    receive(client, SERVER, withOrigin('198.51.100.200:53', echoRequest(B, A)), 100);
    expect(silent(client)).toBe(true);
  });

  test('CLI-82: a bubble repeated after exactly 2 s is answered again, earlier ones are not', () => {
    const { client } = qualifiedClient();
    const indirect = withOrigin(MAPPED_B, bubble(B, A));
    const answered = [0, 500, 1999.5, 2000, 3999, 4000].map((now) => {
      receive(client, SERVER, indirect, now);
      return pollDatagrams(client).length;
    });
    expect(answered).toEqual([1, 0, 0, 1, 0, 1]);
  });

  test('CLI-83, C17: after four answers without a direct word the peer is not answered for 300 s', () => {
    const { client } = qualifiedClient();
    const answeredAt: number[] = [];
    for (let now = 0; now < 700_000; now += 1000) {
      receive(client, SERVER, withOrigin(MAPPED_B, bubble(B, A)), now);
      if (pollDatagrams(client).length > 0) answeredAt.push(now);
    }
    expect(answeredAt.slice(0, 8)).toEqual([0, 2000, 4000, 6000, 306_000, 308_000, 310_000, 312_000]);
  });

  test('C11, SEC-12: strangers cause at most 10 answers a second to one address, and 20 at once', () => {
    const { client } = qualifiedClient();
    for (let i = 0; i < 200; i++) {
      receive(client, SERVER, withOrigin(`198.51.100.200:${1000 + i}`, bubble(`fe80::${i + 1}`, A)), 1000);
    }
    expect(pollDatagrams(client)).toHaveLength(20);
    receive(client, SERVER, hex(E12), 1000);
    expect(pollDatagrams(client)).toHaveLength(1); // another address has its own budget
  });

  test('C11, SEC-12: and a bounded number to all addresses together', () => {
    const { client } = qualifiedClient();
    for (let i = 0; i < 5000; i++) {
      receive(client, SERVER, withOrigin(`198.51.${i >> 8}.${i & 255}:1000`, bubble(`fe80::${i + 1}`, A)), 1000);
    }
    expect(answers(client)).toBeLessThanOrEqual(500);
  });
});

describe('RFC 4380 §5.2.3 (6), §5.2.9: packets of native hosts', () => {
  const fromNative = packet(NATIVE, A);

  test('CLI-69, CLI-92: held until the connectivity test shows that this relay serves its source', () => {
    const { client } = qualifiedClient();
    expect(receive(client, RELAY, fromNative, 100)).toEqual([]);
    const [test_] = pollDatagrams(client);
    expect(test_?.endpoint).toBe(SERVER);
    expect(receive(client, RELAY, replyTo(test_!.bytes), 200)).toEqual([]);
    expect(pollPackets(client)).toEqual([fromNative]);
    expect(receive(client, RELAY, fromNative, 300)).toEqual([fromNative]);
    expect(sent(transmit(client, packet(A, NATIVE), 400))).toEqual([RELAY]);
  });

  test('CLI-69: packets from elsewhere than where the reply came from end', () => {
    const { client } = qualifiedClient();
    receive(client, '198.51.100.66:1', fromNative, 100);
    const [test_] = pollDatagrams(client);
    receive(client, RELAY, replyTo(test_!.bytes), 200);
    expect(pollPackets(client)).toEqual([]);
    expect(drops(client)).toMatchObject({ 'mapping mismatch': 1 });
  });

  test('CLI-94: a relay that moved is tested, and until then the old one is used', () => {
    const { client } = trustingRelay();
    const moved = '192.0.2.201:3545';
    expect(receive(client, moved, fromNative, 3000)).toEqual([]);
    const [test_] = pollDatagrams(client);
    expect(sent(transmit(client, packet(A, NATIVE), 3100))).toEqual([RELAY]);
    expect(receive(client, RELAY, fromNative, 3200)).toEqual([fromNative]);
    receive(client, moved, replyTo(test_!.bytes), 3300);
    expect(pollPackets(client)).toEqual([fromNative]);
    expect(sent(transmit(client, packet(A, NATIVE), 3400))).toEqual([moved]);
  });

  test('CLI-94: a test that nobody answers takes nothing from the relay that is trusted', () => {
    const { client } = trustingRelay();
    receive(client, '192.0.2.201:3545', fromNative, 3000);
    pollDatagrams(client);
    for (let now = 4000; now <= 20_000; now += 1000) {
      expect(receive(client, RELAY, fromNative, now)).toEqual([fromNative]);
      if (client.pollTimeout() <= now) client.handleTimeout(now);
    }
    expect(sent(transmit(client, packet(A, NATIVE), 20_500))).toEqual([RELAY]);
  });

  test('a relay’s own bubble from the native address proves nothing, and is not answered when it comes directly', () => {
    const { client } = qualifiedClient();
    expect(receive(client, RELAY, bubble(NATIVE, A), 100)).toEqual([]);
    expect(client.peers.size).toBe(0);
    expect(silent(client)).toBe(true);
  });

  test('C9: replies with wrong data, length or checksum, or twice, prove nothing', () => {
    const { client } = qualifiedClient();
    transmit(client, packet(A, NATIVE), 0);
    const [request] = pollDatagrams(client);
    const good = replyTo(request!.bytes);
    for (let bit = 0; bit < 64; bit++) {
      const bytes = request!.bytes.slice();
      bytes[48 + (bit >> 3)]! ^= 1 << (bit & 7);
      receive(client, RELAY, replyTo(bytes), 100);
    }
    const badChecksum = good.slice();
    badChecksum[42]! ^= 1;
    receive(client, RELAY, badChecksum, 100);
    receive(client, RELAY, icmp(NATIVE, A, join(hex('8100 0000 1234 0001'), hex('00000000'))), 100);
    receive(client, RELAY, icmp(NATIVE, A, join(hex('0100 0000 00000000'), request!.bytes)), 100);
    expect(client.peers.trusted[peerOf(client, NATIVE)]).toBe(0);
    receive(client, RELAY, good, 200);
    expect(client.peers.trusted[peerOf(client, NATIVE)]).toBe(1);
    receive(client, '198.51.100.66:1', good, 300);
    expect(sent(transmit(client, packet(A, NATIVE), 400))).toEqual([RELAY]);
  });

  test('C9, CVE-2006-6858: a reply to nobody’s test proves nothing, all zeros neither', () => {
    const { client } = trustingRelay();
    for (const data of ['0000000000000000', '00000000', '000018a5000018a5']) {
      receive(client, '198.51.100.66:1', icmp(NATIVE, A, join(hex('8100 0000 1234 0001'), hex(data)), 64), 500);
    }
    expect(sent(transmit(client, packet(A, NATIVE), 600))).toEqual([RELAY]);
  });

  test('C10: a test of long ago cannot be answered any more', () => {
    for (const late of [600_000, 86_400_000]) {
      const { client } = trustingRelay();
      transmit(client, packet(A, NATIVE), 26_000); // silent for a while: tested while packets still go to it
      const [test_] = pollDatagrams(client);
      expect(test_?.endpoint).toBe(SERVER);
      receive(client, '198.51.100.66:1', replyTo(test_!.bytes), late);
      expect(client.peers.ipv4[peerOf(client, NATIVE)]).not.toBe((198 << 24) | (51 << 16) | (100 << 8) | 66);
    }
  });

  test('C8, SEC-11: a stranger’s packets cause at most 3 tests of one address in 300 s', () => {
    const { client } = qualifiedClient();
    let tests = 0;
    for (let now = 0; now < 300_000; now += 500) {
      receive(client, RELAY, fromNative, now);
      if (client.pollTimeout() <= now) client.handleTimeout(now);
      tests += sentences(client).filter((line) => line.startsWith('echo')).length;
    }
    expect(tests).toBeGreaterThan(0);
    expect(tests).toBeLessThanOrEqual(3);
  });

  test('C8, SEC-11: strangers’ packets from 10,000 sources cause 150 tests at most', () => {
    const { client } = qualifiedClient();
    for (let i = 0; i < 10_000; i++) receive(client, RELAY, packet(`2001:db8:7::${(i + 1).toString(16)}`, A), 100);
    const tests = answers(client) + runUntil(client, 9000).filter((line) => line.includes('echo')).length;
    expect(tests).toBeLessThanOrEqual(150);
    expect(client.peers.size).toBeLessThanOrEqual(50);
  });

  test('MS15: a server that is the relay too sends from port 3544, and is tested like any other', () => {
    const { client } = qualifiedClient();
    transmit(client, packet(A, NATIVE), 0);
    const [request] = pollDatagrams(client);
    receive(client, SERVER, replyTo(request!.bytes), 100);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([SERVER]);
    expect(receive(client, SERVER, fromNative, 200)).toEqual([fromNative]);
  });
});

function trusting() {
  const scene = qualifiedClient();
  receive(scene.client, MAPPED_B, FROM_B, 0);
  pollEvents(scene.client);
  return scene;
}

function trustingRelay() {
  const scene = qualifiedClient();
  const { client } = scene;
  transmit(client, packet(A, NATIVE), 0);
  const [request] = pollDatagrams(client);
  receive(client, RELAY, replyTo(request!.bytes), 100);
  pollDatagrams(client);
  return scene;
}

function peerOf(client: Client, address: string): number {
  const peer = client.peers.find(ip6(address), 0);
  if (peer < 0) throw new Error(`${address} is no peer`);
  return peer;
}

function sent(datagrams: readonly { endpoint: string }[]): string[] {
  return datagrams.map(({ endpoint }) => endpoint);
}

function silent(client: Client): boolean {
  return pollDatagrams(client).length === 0 && pollPackets(client).length === 0;
}

/** How much waits to be sent, however much it is. */
function answers(client: Client): number {
  let count = 0;
  for (let some = pollDatagrams(client); some.length > 0; some = pollDatagrams(client)) count += some.length;
  return count;
}
