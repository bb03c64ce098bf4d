import { describe, expect, test } from 'vitest';
import { bubble, echoRequest, join, withOrigin } from '../../packets.ts';
import { A, B, MAPPED_B, runUntil, SERVER, SERVER_B } from '../../scene.ts';
import { hex, pollDatagrams, pollPackets, receive, transmit } from '../../support.ts';
import { bubbles, extended, RESTRICTED } from './scene.ts';

const on = { symmetricNat: true, serverLoadReduction: true };
const NONCE = hex('0104 deadbeef');

describe('RFC 6081 §5.7: server load reduction', () => {
  test('EXT-60: an established peer that was silent is asked directly, and the data waits', () => {
    const { client } = established();
    expect(transmit(client, echoRequest(A, B), 60_000)).toEqual([]);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B} [nonce deadbeef, solicitation]`]);
    receive(client, MAPPED_B, join(bubble(B, A), hex('0404 01000000')), 60_050);
    expect(pollDatagrams(client).map(({ endpoint, bytes }) => `${endpoint} ${bytes[6]}`)).toEqual([`${MAPPED_B} 58`]);
  });

  test('EXT-61: three solicitations 2 s apart, then like a stranger through its server', () => {
    const { client } = established();
    transmit(client, echoRequest(A, B), 60_000);
    const first = bubbles(client);
    const later: string[] = [];
    for (const now of [62_000, 64_000, 66_000]) {
      client.handleTimeout(now);
      later.push(...bubbles(client));
    }
    expect([...first, ...later].filter((line) => line.includes('solicitation'))).toHaveLength(3);
    expect(later.at(-1)).toMatch(new RegExp(`^bubble to ${SERVER_B} `));
  });

  test('EXT-62: a solicitation is answered by an advertisement', () => {
    const { client } = established();
    receive(client, MAPPED_B, join(bubble(B, A), hex('0404 00000000')), 1_000);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B} [nonce deadbeef, advertisement]`]);
  });

  test('EXT-62: an advertisement is not answered', () => {
    const { client } = established();
    receive(client, MAPPED_B, join(bubble(B, A), hex('0404 01000000')), 1_000);
    expect(bubbles(client)).toEqual([]);
  });

  test('a peer that never sent a trailer is asked through its server at once', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, MAPPED_B, bubble(B, A), 100);
    transmit(client, echoRequest(A, B), 60_000);
    expect(bubbles(client).join()).toMatch(new RegExp(`bubble to ${SERVER_B}`));
  });

  test('RFC 4380 §5.2.6: solicitations count as bubbles, so a dead peer ends within the budget', () => {
    const { client } = established();
    transmit(client, echoRequest(A, B), 60_000);
    pollDatagrams(client);
    runUntil(client, 80_000);
    pollPackets(client);
    expect(client.peers.bubbles[client.peers.find(echoRequest(A, B), 24)]).toBeLessThanOrEqual(4);
  });
});

/** A client that has exchanged bubbles with B, which speaks RFC 6081. */
function established() {
  const scene = extended(RESTRICTED, on);
  receive(scene.client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 100);
  receive(scene.client, MAPPED_B, bubble(B, A), 200);
  pollDatagrams(scene.client);
  return scene;
}
