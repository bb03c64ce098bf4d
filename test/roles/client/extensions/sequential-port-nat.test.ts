import { describe, expect, test } from 'vitest';
import { advertisement, bubble, echoRequest, join, nonceOf, withOrigin } from '../../packets.ts';
import { A, B, MAPPED_B, runUntil, SERVER, SERVER_B, SERVER2, sentence } from '../../scene.ts';
import { hex, pollDatagrams, pollEvents, receive, transmit } from '../../support.ts';
import { bubbles, extended, SYMMETRIC, told } from './scene.ts';

const on = { symmetricNat: true, portPreservingNat: true, sequentialPortNat: true };

describe('RFC 6081 §5.5: sequential port-symmetric NAT', () => {
  test('EXT-40, EXT-41: the indirect bubble waits for an echo test: solicitation, bubble, solicitation, from one new port', () => {
    const { client } = extended(SYMMETRIC, on);
    transmit(client, echoRequest(A, B), 100);
    expect(pollEvents(client)).toMatchObject([{ type: 'socket', via: 3, open: true }]);
    expect(pollDatagrams(client).map(sentence)).toEqual([
      `bubble ${A} > ${B} to ${MAPPED_B}`,
      `solicitation to ${SERVER} by socket 3`,
      `bubble ${A} > ${B} to ${MAPPED_B} by socket 3`,
      `solicitation to ${SERVER2} by socket 3`,
    ]);
  });

  test('EXT-42, ledger Q-03: the port between the two that the server saw is advertised', () => {
    const { client, answer } = testing();
    answer(SERVER, '192.0.2.45:40100', 150);
    expect(bubbles(client)).toEqual([]);
    answer(SERVER2, '192.0.2.45:40103', 160);
    expect(bubbles(client)).toEqual([
      expect.stringMatching(/^bubble to 198\.51\.100\.1:3544 \[nonce \w+, random port 40101\]$/),
    ]);
  });

  test('EXT-42, CLI-83: an advertisement that comes twice does not send the bubble twice', () => {
    const { client, answer } = testing();
    for (const now of [150, 160, 170]) {
      answer(SERVER, '192.0.2.45:40100', now);
      answer(SERVER2, '192.0.2.45:40103', now);
    }
    expect(bubbles(client)).toHaveLength(1);
  });

  test('EXT-33, EXT-42: what was foretold for a peer that asked a minute ago is foretold anew', () => {
    const { client } = extended(SYMMETRIC, on);
    const asks = (nonce: string) => withOrigin(MAPPED_B, join(bubble(B, A), hex(`0104 ${nonce}`)));
    const test = (now: number, upper: number) => {
      const sent = pollDatagrams(client);
      for (const [server, port] of [
        [SERVER, upper - 2],
        [SERVER2, upper],
      ] as const) {
        const asked = sent.find(({ endpoint, via }) => endpoint === server && via === 3);
        if (asked === undefined) return sent.map(told);
        receive(client, server, advertisement({ nonce: nonceOf(asked.bytes), mapped: `192.0.2.45:${port}` }), now, 3);
      }
      return bubbles(client);
    };
    receive(client, SERVER, asks('00000001'), 100);
    expect(test(150, 40102)).toEqual([expect.stringMatching(/random port 40101/)]);
    receive(client, SERVER, asks('00000002'), 60_000);
    expect(test(60_050, 40202)).toEqual([expect.stringMatching(/random port 40201/)]);
  });

  test('EXT-43: without an answer the test is made again after 1 s, and after 2 s more the bubble leaves without', () => {
    const { client } = testing();
    client.handleTimeout(1_100);
    expect(
      pollDatagrams(client)
        .map(sentence)
        .filter((line) => line.startsWith('solicitation')),
    ).toHaveLength(2);
    client.handleTimeout(2_100);
    expect(pollDatagrams(client).filter(({ endpoint }) => endpoint === SERVER_B)).toEqual([]);
    client.handleTimeout(3_100);
    const sent = pollDatagrams(client).filter(({ endpoint }) => endpoint === SERVER_B);
    // The second attempt at a foreign server: from a link-local address (ledger M-1).
    expect(sent.map(told)).toEqual([expect.stringMatching(/^bubble to \S+ from link-local \[nonce \w+, server\]$/)]);
  });

  test('EXT-43, EXT-44: a direct bubble ends it', () => {
    const { client } = testing();
    receive(client, MAPPED_B, bubble(B, A), 200);
    pollDatagrams(client);
    client.handleTimeout(1_900);
    expect(
      pollDatagrams(client)
        .map(sentence)
        .filter((line) => line.startsWith('solicitation')),
    ).toEqual([]);
  });

  test('EXT-43: 30 s later everything about a test is forgotten: the next bubble waits for a new one', () => {
    const { client } = extended(SYMMETRIC, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), hex('0104 deadbeef'))), 100);
    runUntil(client, 39_000);
    pollDatagrams(client);
    transmit(client, echoRequest(A, B), 40_000);
    const solicited = pollDatagrams(client).filter(({ via }) => via >= 3);
    expect(solicited.map(({ endpoint }) => endpoint)).toEqual([SERVER, MAPPED_B, SERVER2]);
  });

  test('EXT-43, SEC-12: the next deadline is found among sixteen tests at most', () => {
    const { client } = extended(SYMMETRIC, on);
    const strangers = 600;
    for (let i = 0; i < strangers; i++) {
      const peer = `2001:0:c633:6401:${(0x100 + i).toString(16)}:372a:39cc:9bb2`;
      transmit(client, echoRequest(A, peer), 100 + i / 1_000);
      pollDatagrams(client);
    }
    // Those who had to make room were asked without a foretold port, at once: sixteen wait for the first timer.
    client.handleTimeout(1_150);
    const tests = pollDatagrams(client).filter(({ endpoint, via }) => endpoint === SERVER && via >= 3);
    expect(tests).toHaveLength(16);
  });

  test('CLI-21: only an advertisement with the nonce of the test counts', () => {
    const { client } = testing();
    for (const server of [SERVER, SERVER2]) {
      receive(
        client,
        server,
        advertisement({ nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9), mapped: '192.0.2.45:40100' }),
        150,
        3,
      );
    }
    expect(bubbles(client)).toEqual([]);
  });
});

function testing() {
  const { client, random } = extended(SYMMETRIC, on);
  // Local port, then two nonces of eight octets.
  random.script.push(0, 0x11111111, 0x11111111, 0x22222222, 0x22222222, 0x33333333);
  transmit(client, echoRequest(A, B), 100);
  const sent = pollDatagrams(client);
  pollEvents(client);
  const answer = (server: string, mapped: string, now: number) => {
    const asked = sent.find(({ endpoint, via }) => endpoint === server && via === 3)!;
    receive(client, server, advertisement({ nonce: nonceOf(asked.bytes), mapped }), now, 3);
  };
  return { client, answer };
}
