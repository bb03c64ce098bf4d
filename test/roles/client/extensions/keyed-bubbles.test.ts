import { describe, expect, test } from 'vitest';
import type { Client } from '../../../../src/roles/client/client.ts';
import * as ipv6 from '../../../../src/wire/ipv6.ts';
import { formatIpv6 } from '../../../../src/wire/text.ts';
import { bubble, echoRequest, join } from '../../packets.ts';
import { A, B, MAPPED_B, SERVER_B } from '../../scene.ts';
import { hex, pollDatagrams, pollEvents, receive, transmit } from '../../support.ts';
import { bubbles, extended, RESTRICTED, SYMMETRIC } from './scene.ts';

/** Miredo behind a symmetric NAT: the mapped IPv4 address of B, and another port. */
const ELSEWHERE = '198.51.100.77:61000';
const on = { symmetricNat: true };

describe('CLI-86: a peer behind a symmetric NAT that knows no nonce', () => {
  test('gets a second question from a key when it answers without the nonce, and is believed by the key', () => {
    const { client } = extended(RESTRICTED, on);
    transmit(client, echoRequest(A, B), 100);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B}`, expect.stringMatching(`bubble to ${SERVER_B} \\[nonce`)]);
    const key = keyOf(client, 150);
    // The answer comes from where nothing was sent to.
    receive(client, '198.51.100.77:62000', bubble(B, key), 200);
    expect(pollEvents(client)).toContainEqual(expect.objectContaining({ type: 'peer-trusted' }));
    const sent = pollDatagrams(client);
    expect(new Set(sent.map(({ endpoint }) => endpoint))).toEqual(new Set(['198.51.100.77:62000']));
    expect(sent.map(({ bytes }) => bytes.length)).toContain(echoRequest(A, B).length);
  });

  test('is not believed by a key that is wrong, late or used before', () => {
    const { client } = extended(RESTRICTED, on);
    transmit(client, echoRequest(A, B), 100);
    const key = keyOf(client, 150);
    const wrong = key.slice();
    wrong[15]! ^= 1;
    for (const [from, at] of [
      [bubble(B, wrong), 200],
      [bubble(B, key), 30_150],
    ] as const) {
      receive(client, ELSEWHERE, from, at);
      expect(pollEvents(client).map(({ type }) => type)).not.toContain('peer-trusted');
    }
    const { client: second, random } = extended(RESTRICTED, on);
    transmit(second, echoRequest(A, B), 100);
    const once = keyOf(second, 150);
    receive(second, ELSEWHERE, bubble(B, once), 200);
    pollEvents(second);
    // Long silent: what was proved does not count any more, nor what proved it.
    random.script.push(1, 2, 3, 4);
    transmit(second, echoRequest(A, B), 31_000);
    receive(second, '192.0.2.99:7', bubble(B, once), 31_001);
    expect(pollEvents(second).map(({ type }) => type)).not.toContain('peer-trusted');
  });

  test('SEC-04: the key of one peer says nothing of another', () => {
    const { client } = extended(RESTRICTED, on);
    const other = '2001:0:c633:6401:100:372a:39cc:9bb2';
    for (const peer of [B, other]) transmit(client, echoRequest(A, peer), 100);
    const key = keyOf(client, 150);
    receive(client, ELSEWHERE, bubble(other, key), 200);
    expect(pollEvents(client)).toEqual([]);
  });

  test('RFC 6081 §5.2: peers that know nonces, and those who are where they say, never get such a bubble', () => {
    const { client } = extended(RESTRICTED, on);
    transmit(client, echoRequest(A, B), 100);
    pollDatagrams(client);
    receive(client, MAPPED_B, bubble(B, A), 150);
    receive(client, ELSEWHERE, join(bubble(B, A), hex('0104 deadbeef')), 200);
    expect(fromLinkLocal(client)).toEqual([]);
  });

  test('nobody gets one from behind a symmetric NAT, where the answer could not come in', () => {
    const { client } = extended(SYMMETRIC, on);
    transmit(client, echoRequest(A, B), 100);
    pollDatagrams(client);
    receive(client, ELSEWHERE, bubble(B, A), 150);
    expect(fromLinkLocal(client)).toEqual([]);
  });

  test('RFC 4380 §5.2.6: four questions in 300 s, however often the answer has no nonce', () => {
    const { client } = extended(RESTRICTED, on);
    transmit(client, echoRequest(A, B), 100);
    let toServer = pollDatagrams(client).filter(({ endpoint }) => endpoint === SERVER_B).length;
    for (let now = 150; now < 60_000; now += 100) {
      receive(client, ELSEWHERE, bubble(B, A), now);
      client.handleTimeout(now);
      toServer += pollDatagrams(client).filter(({ endpoint }) => endpoint === SERVER_B).length;
    }
    // With our address, with a key, and so once more.
    expect(toServer).toBe(4);
  });
});

/** Lets B answer in its own way at `now`, and gives the link-local address that it is asked from next. */
function keyOf(client: Client, now: number): Uint8Array {
  receive(client, ELSEWHERE, bubble(B, A), now);
  const [keyed, ...more] = fromLinkLocal(client);
  expect(more).toEqual([]);
  expect(formatIpv6(keyed!, ipv6.DESTINATION)).toBe(B);
  return keyed!.slice(ipv6.SOURCE, ipv6.SOURCE + 16);
}

function fromLinkLocal(client: Client): Uint8Array[] {
  return pollDatagrams(client)
    .filter(({ bytes }) => ipv6.isLinkLocal(bytes, ipv6.SOURCE))
    .map(({ bytes }) => bytes);
}
