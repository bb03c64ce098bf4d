import { describe, expect, test } from 'vitest';
import type { Relay } from '../../../src/roles/relay/relay.ts';
import { formatIpv6 } from '../../../src/wire/text.ts';
import {
  bubble,
  echoRequest,
  hexOf,
  icmp,
  join,
  packet,
  packetOf,
  replyTo,
  solicitation,
  teredoAddress,
  withAuthentication,
  withOrigin,
} from '../packets.ts';
import { A, MAPPED_A, NATIVE, network, runUntil, SERVER, sentence, sentences } from '../scene.ts';
import { drops, hex, ip6, makeRelay, pollDatagrams, pollEvents, pollPackets, receive, transmit } from '../support.ts';

const TO_A = packet(NATIVE, A);
const FROM_A = packet(A, NATIVE);

describe('RFC 4380 §5.4.1: toward Teredo clients', () => {
  test('REL-06, REL-09, REL-15, W-10: an unknown client: queued; one bubble to its server, from an unpredictable link-local source', () => {
    const relay = makeRelay();
    expect(transmit(relay, TO_A, 0)).toEqual([]);
    const [sent, ...rest] = pollDatagrams(relay);
    expect(rest).toEqual([]);
    expect(sent).toMatchObject({ endpoint: SERVER, via: 0 });
    expect(sent!.bytes).toHaveLength(40);
    expect(hexOf(sent!.bytes.subarray(0, 16))).toMatch(/^6000000000003b15fe80000000000000$/);
    expect(sent!.bytes.subarray(24)).toEqual(ip6(A));
    expect(sent!.bytes[16]! & 3).toBe(0); // U and G bits of a random identifier
    const other = makeRelay();
    transmit(other, packet(NATIVE, teredoAddress('203.0.113.1', MAPPED_A, 1)), 0);
    transmit(other, TO_A, 0);
    const sources = pollDatagrams(other).map(({ bytes }) => formatIpv6(bytes, 8));
    expect(new Set(sources).size).toBe(2);
  });

  test('REL-05, UPD-03, R2: the cone bit of a client changes nothing: no data before it has answered', () => {
    const relay = makeRelay();
    const cone = teredoAddress('203.0.113.1', MAPPED_A, 0x8000);
    for (let i = 0; i < 100; i++) expect(transmit(relay, packetOf(1280, NATIVE, cone), 10 * i)).toEqual([]);
    const sent = [...sentences(relay), ...runUntil(relay, 1e6)];
    expect(sent).toHaveLength(4);
    expect(sent.every((line) => line.includes('bubble'))).toBe(true);
  });

  test('REL-07, HSR-05: behind a NAT of its own a direct bubble too, from the same source; both count as one', () => {
    const relay = makeRelay({ behindNat: true });
    transmit(relay, TO_A, 0);
    const sent = pollDatagrams(relay);
    expect(sent.map(({ endpoint }) => endpoint)).toEqual([MAPPED_A, SERVER]);
    expect(sent[0]!.bytes).toEqual(sent[1]!.bytes);
    expect(runUntil(relay, 6000)).toHaveLength(6);
  });

  test('REL-08: repeated after 2 s, up to three times; then queue and hope end, the count of bubbles does not', () => {
    const relay = makeRelay();
    relay.setErrorSource(ip6('2001:db8:5::1'));
    transmit(relay, TO_A, 0);
    pollDatagrams(relay);
    expect(runUntil(relay, 7999).map((line) => Number.parseInt(line, 10))).toEqual([2000, 4000, 6000]);
    relay.handleTimeout(8000);
    const [error] = pollPackets(relay);
    expect([error![40], error![41]]).toEqual([1, 3]);
    expect(pollEvents(relay)).toMatchObject([{ type: 'peer-unreachable', peer: ip6(A) }]);
    receive(relay, MAPPED_A, FROM_A, 9000);
    expect(pollDatagrams(relay)).toEqual([]);
    const relay2 = makeRelay();
    let bubbles = 0;
    for (let now = 0; now < 300_000; now += 500) {
      transmit(relay2, TO_A, now);
      if (relay2.pollTimeout() <= now) relay2.handleTimeout(now);
      bubbles += pollDatagrams(relay2).length;
    }
    expect(bubbles).toBe(4);
  });

  test('REL-04, REL-09, REL-12: the answer makes the client trusted; what waited leaves first in, first out', () => {
    const relay = makeRelay();
    const waiting = [1, 2, 3].map((n) => packet(NATIVE, A, { payload: Uint8Array.of(n) }));
    for (const one of waiting) transmit(relay, one, 0);
    answerTo(relay, 100);
    expect(pollDatagrams(relay)).toEqual(waiting.map((bytes) => ({ endpoint: MAPPED_A, via: 0, bytes })));
    expect(pollEvents(relay)).toMatchObject([{ type: 'peer-trusted', peer: ip6(A) }]);
    expect(transmit(relay, TO_A, 200)).toMatchObject([{ endpoint: MAPPED_A, via: 0 }]);
    expect(relay.peers.lastTransmissionAt[relay.peers.find(ip6(A), 0)]).toBe(200);
  });

  test('REL-04: valid for 30 s after the last word; asked from 25 s on while packets go', () => {
    const { relay } = trusting();
    expect(transmit(relay, TO_A, 24_999)).toHaveLength(1);
    expect(sentences(relay)).toEqual([]);
    expect(transmit(relay, TO_A, 25_000)).toHaveLength(1);
    expect(sentences(relay)).toHaveLength(1);
    expect(transmit(relay, TO_A, 29_999)).toHaveLength(1);
    pollDatagrams(relay);
    expect(transmit(relay, TO_A, 30_000)).toEqual([]);
  });

  test('REL-09: the client’s next packet, of whatever kind, lets go what waits', () => {
    const { relay } = trusting();
    expect(transmit(relay, TO_A, 40_000)).toEqual([]);
    pollDatagrams(relay);
    expect(receive(relay, MAPPED_A, FROM_A, 40_100)).toEqual([FROM_A]);
    expect(pollDatagrams(relay).map(({ endpoint }) => endpoint)).toEqual([MAPPED_A]);
  });

  test('REL-02: what is not for a Teredo client does not go out; the sender is told', () => {
    const relay = makeRelay();
    relay.setErrorSource(ip6('2001:db8:5::1'));
    for (const to of ['2001:db8::1', '2001:1::1', '3ffe:831f::1']) transmit(relay, packet(NATIVE, to), 0);
    expect(pollPackets(relay).map((error) => [error[40], error[41]])).toEqual([
      [1, 3],
      [1, 3],
      [1, 3],
    ]);
    expect(sentences(relay)).toEqual([]);
  });

  test('REL-03, R3, SEC-01, SEC-03: an address that is not global unicast, as mapping or as server: silence', () => {
    const relay = makeRelay({ behindNat: true });
    relay.setErrorSource(ip6('2001:db8:5::1'));
    relay.setLocalNetworks([network('198.51.100.9', 24), network('10.0.0.1', 8)]);
    const refused = [
      '0.0.0.1',
      '10.1.2.3',
      '127.0.0.1',
      '169.254.9.9',
      '172.16.0.1',
      '192.168.7.7',
      '192.88.99.1',
      '224.0.0.253',
      '255.255.255.255',
      '198.51.100.255',
    ];
    for (const ipv4 of refused) {
      transmit(relay, packet(NATIVE, teredoAddress('203.0.113.1', `${ipv4}:4000`)), 0);
      transmit(relay, packet(NATIVE, teredoAddress(ipv4, '203.0.113.77:4000')), 0);
    }
    transmit(relay, packet(NATIVE, teredoAddress('203.0.113.1', '203.0.113.77:0')), 0);
    transmit(relay, packet(NATIVE, teredoAddress('203.0.113.1', '198.51.100.9:4000')), 0); // SEC-09: our own
    expect(sentences(relay)).toEqual([]);
    expect(pollPackets(relay)).toEqual([]);
    expect(relay.peers.size).toBe(0);
    expect(drops(relay)).toEqual({ 'not global IPv4': 2 * refused.length + 2 });
  });

  test('SRV-24: a relay may ask a server on its own host', () => {
    const relay = makeRelay();
    relay.setLocalNetworks([network('203.0.113.1', 24)]);
    transmit(relay, TO_A, 0);
    expect(pollDatagrams(relay).map(({ endpoint }) => endpoint)).toEqual([SERVER]);
  });

  test('SEC-09, R7: what came out of a tunnel does not go into one, though the client be trusted', () => {
    const { relay } = trusting();
    const fromTeredo = packet(teredoAddress('203.0.113.1', '198.51.100.7:4000'), A);
    expect(transmit(relay, fromTeredo, 100)).toEqual([]);
    expect(transmit(relay, packet('fe80::1', A), 100)).toEqual([]);
    expect(transmit(relay, packet('ff02::1', A), 100)).toEqual([]);
    expect(drops(relay)).toMatchObject({ loop: 1, 'address scope': 2 });
  });

  test('SEC-01: a network the host joins later closes the way to its directed broadcast', () => {
    const relay = makeRelay();
    const peer = teredoAddress('203.0.113.1', '198.51.100.255:4000');
    transmit(relay, packet(NATIVE, peer), 0);
    receive(relay, '198.51.100.255:4000', packet(peer, NATIVE), 100);
    pollDatagrams(relay);
    expect(transmit(relay, packet(NATIVE, peer), 200)).toHaveLength(1);
    relay.setLocalNetworks([network('198.51.100.9', 24)]);
    expect(transmit(relay, packet(NATIVE, peer), 300)).toEqual([]);
    expect(sentences(relay)).toEqual([]);
  });

  test('R4, SEC-16, REL-16: errors are limited to 10 a second, and none is about an error or a multicast', () => {
    const relay = makeRelay();
    relay.setErrorSource(ip6('2001:db8:5::1'));
    for (let i = 0; i < 1000; i++) transmit(relay, packet(`2001:db8:9::${(i + 1).toString(16)}`, '2001:db8::1'), 0);
    expect(pollPackets(relay)).toHaveLength(10);
    transmit(relay, icmp(NATIVE, '2001:db8::1', hex('0100000000000000')), 5000);
    transmit(relay, packet(NATIVE, 'ff0e::1'), 5000);
    transmit(relay, packet('::', '2001:db8::1'), 5000);
    expect(pollPackets(relay)).toEqual([]);
  });

  test('R1, R2, REL-14, SEC-12: random destinations cost a bounded table and a bounded number of bubbles', () => {
    const relay = makeRelay({ untrustedPeersMax: 256, newPeersPerSecond: 100, newPeersBurst: 1000 });
    let sent = 0;
    for (let i = 0; i < 20_000; i++) {
      const address = teredoAddress(
        '203.0.113.1',
        `198.51.${i & 255}.${(i >> 8) & 255}:${1024 + (i % 5000)}`,
        i & 0x3cff,
      );
      expect(transmit(relay, packet(NATIVE, address), i / 10)).toEqual([]);
      sent += pollDatagrams(relay).length;
    }
    expect(relay.peers.size).toBeLessThanOrEqual(256);
    expect(sent).toBeLessThanOrEqual(1000 + 2 * 100 + 1);
    expect(drops(relay)['rate limited']).toBeGreaterThan(18_000);
  });

  test('R1: bubbles toward one server are limited, whatever clients it is said to have', () => {
    const relay = makeRelay({ bubblesPerSecond: 10, bubblesBurst: 20, newPeersBurst: 8_000 });
    for (let i = 0; i < 1000; i++)
      transmit(relay, packet(NATIVE, teredoAddress('198.51.100.200', `203.0.113.9:${1000 + i}`)), 0);
    expect(pollDatagrams(relay).map(({ endpoint }) => endpoint)).toEqual(Array(20).fill('198.51.100.200:3544'));
    transmit(relay, TO_A, 0);
    expect(pollDatagrams(relay)).toHaveLength(1);
  });
});

describe('RFC 4380 §5.4.2: from Teredo clients', () => {
  test('REL-10, R5, R6, SEC-04: only from the mapping inside the source, and only Teredo sources', () => {
    const { relay } = trusting();
    for (const from of ['192.0.2.45:40002', '192.0.2.46:40001', SERVER])
      expect(receive(relay, from, FROM_A, 50)).toEqual([]);
    for (const source of [NATIVE, 'fe80::1', '::', '2002:c000:22d::1']) {
      expect(receive(relay, MAPPED_A, packet(source, '2001:db8:5::99'), 50)).toEqual([]);
    }
    expect(drops(relay)).toMatchObject({ 'mapping mismatch': 3, unexpected: 4 });
  });

  test('REL-10, W-07: indications and broken packets are dropped', () => {
    const { relay } = trusting();
    for (const bytes of [
      withOrigin(MAPPED_A, FROM_A),
      withAuthentication(FROM_A),
      withAuthentication(solicitation()),
      FROM_A.subarray(0, 47),
      hex('00'),
      new Uint8Array(0),
    ]) {
      expect(receive(relay, MAPPED_A, bytes, 50)).toEqual([]);
    }
  });

  test('REL-11: a client that we do not know is asked through its server, and its packets wait for the answer', () => {
    const relay = makeRelay();
    expect(receive(relay, MAPPED_A, FROM_A, 0)).toEqual([]);
    const [asked, ...rest] = pollDatagrams(relay);
    expect(rest).toEqual([]);
    expect(asked).toMatchObject({ endpoint: SERVER });
    expect(receive(relay, MAPPED_A, FROM_A, 20)).toEqual([]);
    receive(relay, MAPPED_A, bubble(A, formatIpv6(asked!.bytes, 8)), 50);
    expect(pollPackets(relay)).toEqual([FROM_A, FROM_A]);
    expect(receive(relay, MAPPED_A, FROM_A, 60)).toEqual([FROM_A]);
  });

  test('REL-11, REL-10: not so for bubbles, for other IPv4 addresses, nor for what we do not serve', () => {
    const relay = makeRelay();
    expect(receive(relay, MAPPED_A, bubble(A, NATIVE), 0)).toEqual([]);
    expect(receive(relay, '198.51.100.9:5000', FROM_A, 0)).toEqual([]);
    expect(receive(relay, MAPPED_A, packet(A, teredoAddress('203.0.113.1', '198.51.100.7:1')), 0)).toEqual([]);
    expect(drops(relay)).toEqual({ 'unknown peer': 2, 'not served': 1 });
    expect(relay.peers.size).toBe(0);
    expect(sentences(relay)).toEqual([]);
  });

  test('REL-11, R1: four bubbles for a client that does not answer, and its packets end', () => {
    const relay = makeRelay();
    for (let i = 0; i < 10; i++) receive(relay, MAPPED_A, FROM_A, i);
    expect([...sentences(relay), ...runUntil(relay, 60_000)]).toHaveLength(4);
    expect(pollPackets(relay)).toEqual([]);
    expect(drops(relay)).toMatchObject({ unanswered: 4, 'queue full': 6 });
  });

  test('REL-11, REL-15, C3: a client that spoke first is believed by our bubble alone, not by more of the same', () => {
    const relay = makeRelay();
    receive(relay, MAPPED_A, FROM_A, 0);
    expect(receive(relay, MAPPED_A, bubble(A, NATIVE), 10)).toEqual([]);
    expect(receive(relay, MAPPED_A, bubble(A, 'fe80::1'), 20)).toEqual([]);
    expect(pollPackets(relay)).toEqual([]);
    // Its round has ended, its entry stays for the sake of the count; its word is worth no more than before.
    runUntil(relay, 60_000);
    for (const now of [61_000, 62_000]) expect(receive(relay, MAPPED_A, FROM_A, now)).toEqual([]);
    expect(receive(relay, MAPPED_A, bubble(A, NATIVE), 63_000)).toEqual([]);
    expect(pollPackets(relay)).toEqual([]);
    expect(pollEvents(relay).filter(({ type }) => type === 'peer-trusted')).toEqual([]);
  });

  test('REL-12, REL-13: the client is trusted before its destination is looked at', () => {
    const relay = makeRelay();
    transmit(relay, TO_A, 0);
    pollDatagrams(relay);
    expect(receive(relay, MAPPED_A, packet(A, teredoAddress('203.0.113.1', '198.51.100.7:1')), 100)).toEqual([]);
    expect(pollDatagrams(relay).map(({ endpoint }) => endpoint)).toEqual([MAPPED_A]);
    expect(drops(relay)).toMatchObject({ 'not served': 1 });
  });

  test('REL-13, SEC-09, R7: never back into a tunnel: Teredo, our own 6to4, our own ISATAP; nor within a scope', () => {
    const { relay } = trusting();
    relay.setLocalNetworks([network('198.18.0.9', 24)]);
    const refused = [
      teredoAddress('203.0.113.1', '198.51.100.7:1'),
      '2002:c612:9::1',
      '2001:db8:1::5efe:c612:9',
      '2001:db8:1::200:5efe:c612:9',
      'fe80::1',
      'ff02::1',
      'ff0e::1',
      '::1',
      '::',
      '::198.18.0.9',
    ];
    for (const to of refused)
      expect(receive(relay, MAPPED_A, packet(A, to), 100), formatIpv6(typeof to === 'string' ? ip6(to) : to)).toEqual(
        [],
      );
    expect(drops(relay)).toMatchObject({ 'not served': refused.length });
    for (const to of ['2002:c612:a::1', '2001:db8:1::5efe:c612:a', NATIVE]) {
      expect(receive(relay, MAPPED_A, packet(A, to), 100)).toHaveLength(1);
    }
  });

  test('REL-15, R5, CVE-2006-6858: a bubble to a link-local address must name the source of ours, each bit of it', () => {
    for (let bit = 0; bit < 64; bit++) {
      const { relay, asked } = waiting();
      const wrong = asked.slice();
      wrong[8 + (bit >> 3)]! ^= 1 << (bit & 7);
      receive(relay, MAPPED_A, bubble(A, wrong), 100);
      expect(pollDatagrams(relay), `bit ${bit}`).toEqual([]);
      expect(relay.peers.trusted[relay.peers.find(ip6(A), 0)]).toBe(0);
    }
    const { relay } = waiting();
    receive(relay, MAPPED_A, bubble(A, 'fe80::'), 100);
    expect(pollDatagrams(relay)).toEqual([]);
  });

  test('REL-10: who names it may have another mapping than its address says: a symmetric NAT', () => {
    const { relay, asked } = waiting();
    const elsewhere = '192.0.2.45:50123';
    receive(relay, elsewhere, bubble(A, asked), 100);
    expect(pollDatagrams(relay).map(({ endpoint }) => endpoint)).toEqual([elsewhere]);
    expect(receive(relay, elsewhere, FROM_A, 200)).toEqual([FROM_A]);
    expect(receive(relay, '192.0.2.45:50124', FROM_A, 200)).toEqual([]);
    for (const refused of ['10.0.0.5:1', '127.0.0.1:1', '224.0.0.1:1', '198.51.100.7:0']) {
      receive(relay, refused, bubble(A, asked), 300);
    }
    expect(transmit(relay, TO_A, 400)).toMatchObject([{ endpoint: elsewhere }]);
  });

  test('REL-15: a relay that has asked nothing knows no answer, all zeros least of all', () => {
    const { relay } = trusting();
    const peer = relay.peers.find(ip6(A), 0);
    relay.peers.nonceHigh[peer] = 0;
    relay.peers.nonceLow[peer] = 0;
    receive(relay, '192.0.2.45:50123', bubble(A, 'fe80::'), 100);
    expect(transmit(relay, TO_A, 200)).toMatchObject([{ endpoint: MAPPED_A }]);
  });

  test('REL-17, W-17: trailers are stripped and ignored', () => {
    const { relay } = trusting();
    expect(receive(relay, MAPPED_A, join(FROM_A, hex('0104deadbeef 0502df78')), 100)).toEqual([FROM_A]);
  });

  test('SEC-10, C3: routing headers of type 0 and neighbor discovery do not pass to the native side', () => {
    const { relay } = trusting();
    const routing = packet(A, NATIVE, { next: 43, payload: hex('3b00 0001 00000000') });
    expect(receive(relay, MAPPED_A, routing, 100)).toEqual([]);
    for (const type of [133, 134, 135, 136, 137]) {
      const message = icmp(A, NATIVE, join(Uint8Array.of(type), new Uint8Array(23)));
      const hidden = packet(A, NATIVE, { next: 60, payload: join(hex('3a00010400000000'), message.subarray(40)) });
      for (const one of [message, hidden]) expect(receive(relay, MAPPED_A, one, 100)).toEqual([]);
    }
  });

  test('HSR-06: echo requests and replies pass', () => {
    const { relay } = trusting();
    const request = echoRequest(A, NATIVE);
    expect(receive(relay, MAPPED_A, request, 100)).toEqual([request]);
    expect(transmit(relay, replyTo(request), 200)).toMatchObject([{ endpoint: MAPPED_A }]);
  });
});

describe('RFC 4380 §5.4, §3.4: a host-specific relay', () => {
  const HOST = '2001:db8:5::7';

  test('HSR-01, HSR-02, HSR-03: it has no address of its own and asks no server for one; bubbles go to the client’s server', () => {
    const relay = hostRelay();
    expect(relay.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(sentences(relay)).toEqual([]);
    transmit(relay, packet(HOST, A), 0);
    const [sent] = pollDatagrams(relay);
    expect(sentence(sent!)).toMatch(/^bubble fe80::.* to 203\.0\.113\.1:3544$/);
  });

  test('HSR-04, R8: packets for its own addresses, for nobody else’s', () => {
    const relay = hostRelay();
    transmit(relay, packet(HOST, A), 0);
    answerTo(relay, 100);
    for (const to of [HOST, '2001:db8:5::8']) expect(receive(relay, MAPPED_A, packet(A, to), 200)).toHaveLength(1);
    for (const to of ['2001:db8:5::9', '2001:db8:6::7'])
      expect(receive(relay, MAPPED_A, packet(A, to), 200)).toEqual([]);
  });

  test('HSR-02, R8: packets of its own addresses, of nobody else’s, even to a trusted client', () => {
    const relay = hostRelay();
    expect(transmit(relay, packet('2001:db8:5::9', A), 0)).toEqual([]);
    expect(sentences(relay)).toEqual([]);
    transmit(relay, packet(HOST, A), 0);
    answerTo(relay, 100);
    pollDatagrams(relay);
    expect(transmit(relay, packet('2001:db8:5::8', A), 200)).toHaveLength(1);
    expect(transmit(relay, packet('2001:db8:5::9', A), 200)).toEqual([]);
    expect(drops(relay)).toMatchObject({ 'source address': 2 });
  });

  function hostRelay() {
    const relay = makeRelay();
    relay.setOwnAddresses([ip6(HOST), ip6('2001:db8:5::8')]);
    return relay;
  }
});

/** A relay that has asked client A once: the source of its bubble is what A must name. */
function waiting() {
  const relay = makeRelay();
  transmit(relay, TO_A, 0);
  const [sent] = pollDatagrams(relay);
  return { relay, asked: sent!.bytes.slice(8, 24) };
}

function trusting() {
  const scene = waiting();
  receive(scene.relay, MAPPED_A, bubble(A, scene.asked), 0);
  pollDatagrams(scene.relay);
  pollEvents(scene.relay);
  return scene;
}

/** A's answer to the bubble that waits to be sent. */
function answerTo(relay: Relay, now: number): void {
  const [sent] = pollDatagrams(relay);
  expect(receive(relay, MAPPED_A, bubble(A, sent!.bytes.slice(8, 24)), now)).toEqual([]);
}
