import { describe, expect, test } from 'vitest';
import { bubble, echoRequest, join, teredoAddress, withOrigin } from '../../packets.ts';
import { A, B, MAPPED_B, runUntil, SERVER, SERVER_B, sentences } from '../../scene.ts';
import { drops, hex, ip6, pollDatagrams, pollEvents, pollPackets, receive, transmit } from '../../support.ts';
import { bubbles, extended, RESTRICTED, SYMMETRIC } from './scene.ts';

const on = { symmetricNat: true };
const NONCE = hex('0104 deadbeef');

describe('RFC 6081 §5.2: symmetric NAT support', () => {
  test('EXT-10: a symmetric NAT does not keep a client from its address', () => {
    const { client } = extended(SYMMETRIC, on);
    expect(client.state).toBe('qualified');
    expect(client.nat).toBe('symmetric');
  });

  test('EXT-01: without it the client stays off-line, whatever else is switched on', () => {
    expect(() => extended(SYMMETRIC, { portPreservingNat: true, sequentialPortNat: true })).not.toThrow();
    expect(extended(SYMMETRIC, { portPreservingNat: true, sequentialPortNat: true }).client.state).toBe('off-line');
  });

  test('EXT-11: each indirect bubble has a fresh nonce, never 0; direct ones before any answer have none', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0, 0x01020304);
    transmit(client, echoRequest(A, B), 100);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B}`, `bubble to ${SERVER_B} [nonce 01020304]`]);
    random.script.push(0x05060708);
    client.handleTimeout(2_100);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B}`, `bubble to ${SERVER_B} [nonce 05060708]`]);
  });

  test('EXT-12, EXT-13, EXT-15: an indirect bubble is answered directly with its nonce, and indirectly with one of ours', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x0a0b0c0d);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 100);
    expect(bubbles(client)).toEqual([
      `bubble to ${MAPPED_B} [nonce deadbeef]`,
      `bubble to ${SERVER_B} [nonce 0a0b0c0d]`,
    ]);
  });

  test('EXT-13: a bubble without nonce makes us forget the one before', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 100);
    bubbles(client);
    receive(client, SERVER, withOrigin(MAPPED_B, bubble(B, A)), 3_000);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B}`]);
  });

  test('RFC 4380 §5.2.6 and RFC 6081 §6.1: a new nonce is answered at once, the same one is not', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 100);
    bubbles(client);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 200);
    expect(bubbles(client)).toEqual([]);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), hex('0104 00000007'))), 300);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B} [nonce 00000007]`]);
  });

  test('EXT-14: a direct bubble from elsewhere is the peer when it brings our nonce back, and data goes there', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    pollDatagrams(client);
    receive(client, '198.51.100.77:9999', join(bubble(B, A), hex('0104 01020304')), 200);
    const sent = pollDatagrams(client);
    expect(sent.map(({ endpoint }) => endpoint)).toContain('198.51.100.77:9999');
    expect(sent.some(({ bytes }) => bytes[6] === 58)).toBe(true);
    expect(pollEvents(client)).toMatchObject([{ type: 'peer-trusted' }]);
  });

  test('EXT-14: with another nonce, or none, it is not', () => {
    for (const trailer of [hex('0104 01020305'), hex('0104 00000000'), hex('')]) {
      const { client, random } = extended(RESTRICTED, on);
      random.script.push(0x01020304);
      transmit(client, echoRequest(A, B), 100);
      pollDatagrams(client);
      receive(client, '198.51.100.77:9999', join(bubble(B, A), trailer), 200);
      expect(pollEvents(client)).toEqual([]);
      expect(drops(client)).toMatchObject({ 'mapping mismatch': 1 });
    }
  });

  test('EXT-35: the way that was proved first stays while it is in use; data by the other way is let in', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    for (const port of [9998, 9999]) {
      receive(client, `198.51.100.77:${port}`, join(bubble(B, A), hex('0104 01020304')), 200);
    }
    pollDatagrams(client);
    expect(transmit(client, echoRequest(A, B), 300)[0]?.endpoint).toBe('198.51.100.77:9998');
    expect(receive(client, '198.51.100.77:9999', echoRequest(B, A), 400)).toHaveLength(1);
    expect(receive(client, '198.51.100.77:9997', echoRequest(B, A), 500)).toHaveLength(0);
  });

  test('EXT-35: data from the mapping in the address is let in, and does not move a peer that is reached elsewhere', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    receive(client, '198.51.100.77:9999', join(bubble(B, A), hex('0104 01020304')), 200);
    pollDatagrams(client);
    expect(receive(client, MAPPED_B, echoRequest(B, A), 300)).toHaveLength(1);
    expect(transmit(client, echoRequest(A, B), 400)[0]?.endpoint).toBe('198.51.100.77:9999');
    // But it does not keep the way alive on which nothing comes.
    for (let now = 1_000; now <= 31_000; now += 1_000) receive(client, MAPPED_B, echoRequest(B, A), now);
    receive(client, MAPPED_B, echoRequest(B, A), 32_000);
    expect(transmit(client, echoRequest(A, B), 32_100)[0]?.endpoint).toBe(MAPPED_B);
  });

  test('SEC-01: a second way that leads to where nothing may be sent is not taken, whatever it proves', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    receive(client, '198.51.100.77:9998', join(bubble(B, A), hex('0104 01020304')), 200);
    pollDatagrams(client);
    for (const nowhere of ['127.0.0.1:9', '224.0.0.9:9', '255.255.255.255:9']) {
      receive(client, nowhere, join(bubble(B, A), hex('0104 01020304')), 300);
      expect(receive(client, nowhere, echoRequest(B, A), 400), nowhere).toEqual([]);
      expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).not.toContain(nowhere);
      expect(transmit(client, echoRequest(A, B), 500)[0]?.endpoint).toBe('198.51.100.77:9998');
    }
  });

  test('EXT-35: a peer idle for 30 s that comes from elsewhere without a proof is not trusted any more, and asked', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    receive(client, '198.51.100.77:9999', join(bubble(B, A), hex('0104 01020304')), 200);
    pollDatagrams(client);
    receive(client, '198.51.100.77:9998', bubble(B, A), 29_000);
    expect(client.peers.trusted[client.peers.find(ip6(B), 0)]).toBe(1);
    expect(bubbles(client)).toEqual([]);
    receive(client, '198.51.100.77:9998', bubble(B, A), 40_000);
    expect(client.peers.trusted[client.peers.find(ip6(B), 0)]).toBe(0);
    expect(bubbles(client)).toContainEqual(expect.stringMatching(`bubble to ${SERVER_B} \\[nonce`));
    // The old mapping is another host's now, perhaps.
    expect(receive(client, '198.51.100.77:9999', echoRequest(B, A), 40_100)).toEqual([]);
  });

  test('data that overtakes its proof waits for it', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    expect(receive(client, '198.51.100.77:9999', echoRequest(B, A), 200)).toHaveLength(0);
    receive(client, '198.51.100.77:9999', join(bubble(B, A), hex('0104 01020304')), 210);
    expect(pollPackets(client)).toHaveLength(1);
  });
});

describe('ledger M-1: a symmetric client and a strict foreign server', () => {
  test('CLI-71: a direct bubble from another port of the right address is answered through its server', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, '198.51.100.77:9999', bubble(B, A), 100);
    expect(bubbles(client).map((line) => line.replace(/nonce \w+/, 'nonce'))).toEqual([
      `bubble to ${MAPPED_B}`,
      `bubble to ${SERVER_B} [nonce]`,
    ]);
  });

  test('CLI-71, SEC-11: one bubble is worth one question, not a round of them', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, '198.51.100.77:9999', bubble(B, A), 100);
    expect([...sentences(client), ...runUntil(client, 60_000)]).toHaveLength(2);
  });

  test('CLI-71, SEC-12: a server that strangers name gets no more than 20 at once and 10 a second', () => {
    const { client } = extended(RESTRICTED, on);
    let toServer = 0;
    for (let i = 0; i < 2_000; i++) {
      const mapped = `198.18.${i >> 8}.${i & 255}:5000`;
      receive(client, '203.0.113.66:9999', bubble(teredoAddress('198.51.100.1', mapped), A), 100 + i);
      toServer += pollDatagrams(client).filter(({ endpoint }) => endpoint === SERVER_B).length;
    }
    expect(toServer).toBeGreaterThan(0);
    expect(toServer).toBeLessThanOrEqual(20 + 2 * 10 + 1);
  });

  test('all but the first indirect bubble to a foreign server come from a link-local address and names our server', () => {
    const { client } = extended(SYMMETRIC, on);
    transmit(client, echoRequest(A, B), 100);
    expect(bubbles(client)[1]).toMatch(/^bubble to 198\.51\.100\.1:3544 \[nonce \w+\]$/);
    client.handleTimeout(2_100);
    expect(bubbles(client)[1]).toMatch(/^bubble to 198\.51\.100\.1:3544 from link-local \[nonce \w+, server\]$/);
  });

  test('CLI-85: a client behind another NAT never does that', () => {
    const { client } = extended(RESTRICTED, on);
    transmit(client, echoRequest(A, B), 100);
    bubbles(client);
    client.handleTimeout(2_100);
    expect(bubbles(client)[1]).not.toMatch(/link-local/);
  });

  test('such a bubble is answered like one from the Teredo address that it spells', () => {
    const { client } = extended(RESTRICTED, on);
    const linkLocal = bubble('fe80::2c3e:372a:39cc:9bb2', A);
    const told = join(linkLocal, NONCE, hex('8104 c6336401'));
    receive(client, SERVER, withOrigin('198.51.100.77:9999', told), 100);
    expect(bubbles(client)[0]).toBe(`bubble to ${MAPPED_B} [nonce deadbeef]`);
    expect(bubbles(client)).toEqual([]);
  });

  test('SEC-04: it can only name an address behind the IPv4 address it came from', () => {
    const { client } = extended(RESTRICTED, on);
    const told = join(bubble('fe80::2c3e:372a:39cc:9bb2', A), NONCE, hex('8104 c6336401'));
    receive(client, SERVER, withOrigin('192.0.2.99:9999', told), 100);
    expect(bubbles(client)).toEqual(['bubble to 192.0.2.99:9999']);
  });
});
