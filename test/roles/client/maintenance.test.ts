import { describe, expect, test } from 'vitest';
import { formatIpv6 } from '../../../src/wire/text.ts';
import { advertisement, endpointOf, nonceOf, packet } from '../packets.ts';
import {
  A,
  B,
  MAPPED_A,
  MAPPED_B,
  qualifiedClient,
  qualify,
  REFRESH_MS,
  runUntil,
  type SceneClient,
  SERVER,
  sentences,
} from '../scene.ts';
import { ip, makeClient, pollDatagrams, pollEvents, receive, seededRandom, transmit } from '../support.ts';

describe('RFC 4380 §5.2.5: maintenance', () => {
  test('CLI-100, CLI-101: a server silent for a randomized refresh interval is solicited, cone bit clear', () => {
    const { client } = qualifiedClient();
    expect(runUntil(client, REFRESH_MS - 1)).toEqual([]);
    const [only, ...rest] = runUntil(client, REFRESH_MS + 1000);
    expect(only).toMatch(/^22500\.\d+: solicitation to 203\.0\.113\.1:3544$/);
    expect(rest).toEqual([]);
  });

  test('CLI-101: intervals are 75% to 100% of the configured one, spread evenly', () => {
    for (const refreshIntervalMs of [20_000, 30_000, 60_000]) {
      const random = seededRandom(7);
      const client = makeClient({ refreshIntervalMs }, random);
      client.start(0);
      qualify(client, 0);
      const drawn: number[] = [];
      for (let now = 0, i = 0; i < 400; i++) {
        const at = client.pollTimeout();
        drawn.push((at - now) / refreshIntervalMs);
        client.handleTimeout(at);
        answer(client, at);
        now = at;
      }
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0.75);
      expect(Math.max(...drawn)).toBeLessThanOrEqual(1);
      for (const from of [0.75, 0.8, 0.85, 0.9, 0.95]) {
        expect(drawn.filter((x) => x >= from && x < from + 0.05).length).toBeGreaterThan(40);
      }
    }
  });

  test('CLI-62, CLI-100: whatever comes from the server counts; what comes from others does not', () => {
    const { client } = qualifiedClient();
    receive(client, MAPPED_B, packet(B, A), 15_000);
    expect(runUntil(client, REFRESH_MS + 100)).toHaveLength(1);
    answer(client, REFRESH_MS + 200);
    receive(client, SERVER, packet(B, A), 40_000);
    expect(runUntil(client, 40_000 + REFRESH_MS - 1)).toEqual([]);
    expect(runUntil(client, 40_000 + REFRESH_MS + 1)).toHaveLength(1);
  });

  test('a host that has moved asks at once, each second until it is answered, and takes what it is told', () => {
    const { client } = qualifiedClient();
    refresh(client, MAPPED_A);
    const now = 2 * REFRESH_MS;
    client.hostMoved(now);
    expect(runUntil(client, now + 2_500)).toEqual(
      [0, 1_000, 2_000].map((ms) => `${now + ms}: solicitation to 203.0.113.1:3544`),
    );
    answer(client, now + 2_600, MAPPED_B);
    expect(client.mapped).toEqual(endpointOf(MAPPED_B));
    expect(runUntil(client, now + 2_600 + 0.75 * REFRESH_MS - 1)).toEqual([]);
    // A second move soon after the first: no damping, it is not the server that flaps.
    client.hostMoved(now + 5_000);
    runUntil(client, now + 5_000);
    answer(client, now + 5_100, MAPPED_A);
    expect(client.mapped).toEqual(endpointOf(MAPPED_A));
  });

  test('a host that moves while it has no service does not wait for the pause to end', () => {
    const client = makeClient();
    client.start(0);
    const off = runUntil(client, 12_500);
    expect(client.state).toBe('off-line');
    expect(off).toHaveLength(3);
    client.hostMoved(12_500);
    expect(client.state).toBe('starting');
    expect(sentences(client)).toHaveLength(1);
    client.stop(13_000);
    client.hostMoved(14_000);
    expect(client.state).toBe('off-line');
    expect(runUntil(client, 200_000)).toEqual([]);
  });

  test('UPD-06: an answer with the same mapping renumbers nothing and tells nothing', () => {
    const { client } = qualifiedClient();
    receive(client, MAPPED_B, packet(B, A), 0);
    refresh(client, MAPPED_A);
    expect(formatIpv6(client.address!)).toBe(A);
    expect(pollEvents(client).filter(({ type }) => type === 'qualified')).toEqual([]);
    expect(client.peers.size).toBe(1);
  });

  test('UPD-06: the random bits stay while the mapping stays, through a loss of service too', () => {
    const random = seededRandom(3);
    const client = makeClient({}, random);
    client.start(0);
    qualify(client, 0);
    const before = formatIpv6(client.address!);
    client.stop(1000);
    client.start(2000);
    qualify(client, 2000);
    expect(formatIpv6(client.address!)).toBe(before);
  });

  test('CLI-103: another mapping is another address, with other random bits; peers are to be found again', () => {
    const scene = qualifiedClient();
    const { client, random } = scene;
    receive(client, MAPPED_B, packet(B, A), 0);
    pollEvents(client);
    random.script.push(...nonceAndInterval, 0xffffffff);
    refresh(client, '192.0.2.45:40002');
    expect(formatIpv6(client.address!)).toBe('2001:0:cb00:7101:3cff:63bd:3fff:fdd2');
    expect(pollEvents(client)).toMatchObject([
      { type: 'qualified', mapped: { ipv4: ip('192.0.2.45'), port: 40_002 }, previous: Uint8Array.from(bytesOfA()) },
    ]);
    expect(client.peers.size).toBe(0);
    expect(transmit(client, packet(client.address!, B), 40_000)).toEqual([]);
  });

  test('C4: however many answers with other mappings come, each solicitation changes the address once at most', () => {
    const { client } = qualifiedClient();
    for (let round = 0; round < 20; round++) {
      client.handleTimeout(client.pollTimeout());
      pollDatagrams(client);
      const now = client.pollTimeout() - 4000;
      for (let i = 0; i < 100; i++) answer(client, now + i, `192.0.2.45:${41_000 + ((round + i) % 2)}`);
      expect(pollEvents(client).filter(({ type }) => type === 'qualified').length).toBeLessThanOrEqual(1);
    }
  });

  test('CLI-104: three solicitations 4 s apart without an answer: lost, and tried again later', () => {
    const { client } = qualifiedClient();
    receive(client, MAPPED_B, packet(B, A), 0);
    pollEvents(client);
    const at = client.pollTimeout();
    expect(runUntil(client, at + 11_999)).toEqual(
      [0, 4000, 8000].map((after) => `${at + after}: solicitation to ${SERVER}`),
    );
    expect(client.isQualified).toBe(true);
    client.handleTimeout(at + 12_000);
    expect(pollEvents(client)).toMatchObject([{ type: 'off-line', reason: 'primary server unreachable' }]);
    expect(client.address).toBeUndefined();
    expect(client.peers.size).toBe(0);
    const retryAt = client.pollTimeout();
    expect(retryAt - (at + 12_000)).toBeCloseTo(3000, 0);
    expect(runUntil(client, retryAt)).toEqual([`${retryAt}: solicitation to ${SERVER}`]);
    qualify2(client, retryAt);
    expect(formatIpv6(client.address!)).toBe(A);
  });

  test('CLI-104: an answer to the second or third solicitation keeps the service, and the count begins anew', () => {
    const { client } = qualifiedClient();
    for (let round = 0; round < 5; round++) {
      const at = client.pollTimeout();
      runUntil(client, at);
      runUntil(client, at + 4000);
      client.handleTimeout(at + 8000);
      answer(client, at + 8100);
      expect(client.isQualified).toBe(true);
    }
  });

  test('§5.2.5: an advertisement that is not valid leaves the solicitation waiting', () => {
    const { client } = qualifiedClient();
    const at = client.pollTimeout();
    client.handleTimeout(at);
    const [sent] = pollDatagrams(client);
    receive(client, SERVER, advertisement({ nonce: nonceOf(sent!.bytes), mapped: '10.0.0.1:1' }), at + 100);
    expect(formatIpv6(client.address!)).toBe(A);
    expect(runUntil(client, at + 4000)).toHaveLength(1);
  });
});

/** What the client draws between a solicitation and the flags of a new address: nonce, nonce, interval, interval. */
const nonceAndInterval = [0x18a5, 0x18a5, 0x18a5, 0x18a5];

function refresh(client: SceneClient['client'], mapped: string): void {
  const at = client.pollTimeout();
  client.handleTimeout(at);
  answer(client, at + 100, mapped);
}

/** Answers the solicitation that waits to be sent, if there is one. */
function answer(client: SceneClient['client'], now: number, mapped = MAPPED_A): void {
  const sent = pollDatagrams(client).find(({ endpoint }) => endpoint === SERVER);
  // It may have been polled by `runUntil`; then its nonce is the one that ScriptedRandom always draws.
  const nonce = sent === undefined ? Uint8Array.of(0, 0, 0x18, 0xa5, 0, 0, 0x18, 0xa5) : nonceOf(sent.bytes);
  receive(client, SERVER, advertisement({ nonce, mapped }), now);
}

function qualify2(client: SceneClient['client'], now: number): void {
  answer(client, now);
  expect(sentences(client)).toHaveLength(1);
  receive(client, '203.0.113.2:3544', advertisement({ nonce: Uint8Array.of(0, 0, 0x18, 0xa5, 0, 0, 0x18, 0xa5) }), now);
}

function bytesOfA(): readonly number[] {
  return [0x20, 1, 0, 0, 0xcb, 0, 0x71, 1, 0x18, 0xa5, 0x63, 0xbe, 0x3f, 0xff, 0xfd, 0xd2];
}
