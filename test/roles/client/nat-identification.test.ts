import { describe, expect, test } from 'vitest';
import { advertisement } from '../packets.ts';
import { A, MAPPED_A, network, qualify, ScriptedRandom, SERVER, SERVER2, sentence, sentences } from '../scene.ts';
import { makeClient, pollDatagrams, pollEvents, receive } from '../support.ts';

/** What ScriptedRandom makes of a nonce. */
const nonce = Uint8Array.of(0, 0, 0x18, 0xa5, 0, 0, 0x18, 0xa5);
const ASKED = `solicitation to ${SERVER} by socket 1`;
const ASKED_CONE = `solicitation (cone) to ${SERVER} by socket 1`;
const OPENED = 'solicitation to 203.0.113.2:3546 by socket 1';

describe('how the NAT filters, found out beside the work (RFC 5991 §3.2 took the cone phase out of qualification)', () => {
  test('the client is qualified first, as restricted; then a second socket asks', () => {
    const client = qualified();
    expect(pollEvents(client).slice(2)).toMatchObject([
      { type: 'qualified', nat: 'restricted' },
      { type: 'socket', via: 1, open: true },
    ]);
    expect(sentences(client)).toEqual([ASKED]);
  });

  test('cone: the server’s other address answers without having been asked', () => {
    const client = identified(['mapping', 'cone']);
    expect(client.nat).toBe('cone');
  });

  test('address-restricted: it answers only after a datagram went to another of its ports', () => {
    const client = identified(['mapping', 'address']);
    expect(client.nat).toBe('address-restricted');
  });

  test('port-restricted: it never answers', () => {
    const client = identified(['mapping']);
    expect(client.nat).toBe('port-restricted');
  });

  test('a server that fell silent says nothing about the NAT', () => {
    const client = identified([]);
    expect(client.nat).toBe('restricted');
  });

  test('each question is asked three times, 2 s apart', () => {
    const client = qualified();
    const asked = [...pollDatagrams(client).map((datagram) => `0: ${sentence(datagram)}`)];
    answer(client, SERVER, 0, 100);
    asked.push(...pollDatagrams(client).map((datagram) => `100: ${sentence(datagram)}`));
    for (let now = 2100; now <= 14_100; now += 2000) {
      client.handleTimeout(now);
      asked.push(...pollDatagrams(client).map((datagram) => `${now}: ${sentence(datagram)}`));
    }
    expect(asked).toEqual([
      `0: ${ASKED}`,
      ...[100, 2100, 4100].map((at) => `${at}: ${ASKED_CONE}`),
      ...[6100, 8100, 10_100].flatMap((at) => [`${at}: ${OPENED}`, `${at}: ${ASKED_CONE}`]),
      ...[12_100, 14_100].flatMap((at) => [
        `${at}: bubble ${A} > ${A} to ${MAPPED_A} by socket 1`,
        `${at}: bubble ${A} > ${A} to ${MAPPED_A}`,
      ]),
    ]);
    expect(client.nat).toBe('port-restricted');
  });

  test('CLI-16: an answer to the cone question from the address that was asked is none', () => {
    const client = qualified();
    pollDatagrams(client);
    answer(client, SERVER, 0, 100);
    pollDatagrams(client);
    answer(client, SERVER, 1, 200);
    expect(client.nat).toBe('restricted');
    answer(client, SERVER2, 1, 300);
    expect(client.nat).toBe('cone');
  });

  test('W-02, UPD-02: whatever is found, the address has no cone bit', () => {
    for (const heard of [['mapping', 'cone'], ['mapping', 'address'], ['mapping']] as const) {
      expect(identified(heard).address![8]! & 0x80).toBe(0);
    }
  });

  test('no NAT: nothing is asked', () => {
    const client = makeClient({ identifyNat: true }, new ScriptedRandom());
    client.setLocalNetworks([network('192.0.2.45', 24)]);
    client.setLocalPort(40_001);
    client.start(0);
    qualify(client, 0);
    expect(sentences(client)).toEqual([]);
    expect(client.nat).toBe('none');
  });
});

function qualified() {
  const client = makeClient({ identifyNat: true }, new ScriptedRandom());
  client.start(0);
  qualify(client, 0);
  return client;
}

/** A client whose questions are answered, or not. */
function identified(heard: readonly ('mapping' | 'cone' | 'address')[]) {
  const client = qualified();
  for (let now = 0; now < 20_000; now += 100) {
    const asked = pollDatagrams(client).map(sentence);
    const question = asked.includes(OPENED) ? 'address' : asked.includes(ASKED_CONE) ? 'cone' : 'mapping';
    const isAnswered = asked.some((line) => line.endsWith('by socket 1')) && heard.includes(question);
    if (isAnswered && question === 'mapping') answer(client, SERVER, 0, now + 50);
    if (isAnswered && question !== 'mapping') answer(client, SERVER2, 1, now + 50);
    if (client.pollTimeout() <= now + 100) client.handleTimeout(now + 100);
  }
  const events = pollEvents(client);
  expect(events.at(-1)).toEqual({ type: 'socket', via: 1, open: false });
  return client;
}

function answer(client: ReturnType<typeof qualified>, from: string, coneBit: 0 | 1, now: number): void {
  const destination = coneBit === 1 ? 'fe80::8000:ffff:ffff:fffe' : 'fe80::ffff:ffff:fffe';
  receive(client, from, advertisement({ nonce, mapped: MAPPED_A, destination }), now, 1);
}
