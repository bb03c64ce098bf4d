import { describe, expect, test } from 'vitest';
import { begun, failed, type Intervals, isGoodEnough, succeeded } from '../../../src/roles/client/refresh-interval.ts';
import { advertisement, bubble, teredoAddress, withOrigin } from '../packets.ts';
import { A, B, MAPPED_A, qualifiedClient, runUntil, type SceneClient, SERVER, sentence } from '../scene.ts';
import { ip6, pollDatagrams, pollEvents, receive } from '../support.ts';

const SECONDARY = '192.0.2.45:40777';
/** What ScriptedRandom makes of a nonce. */
const NONCE = Uint8Array.of(0, 0, 0x18, 0xa5, 0, 0, 0x18, 0xa5);

describe('RFC 4380 §5.2.7: the intervals', () => {
  const seconds = ({ interval, candidate, maximum }: Intervals) =>
    [interval, candidate, maximum].map((ms) => ms / 1000);

  test('CLI-110: maximum 120 s, candidate 60 s, twice the interval', () => {
    expect(seconds(begun(30_000))).toEqual([30, 60, 120]);
    expect(seconds(begun(20_000))).toEqual([20, 40, 120]);
    expect(isGoodEnough(begun(100_000))).toBe(true);
  });

  test('CLI-112: success: interval := candidate; candidate := the smaller of twice that and the mean with the maximum', () => {
    expect(seconds(succeeded(begun(30_000)))).toEqual([60, 90, 120]);
    expect(seconds(succeeded({ interval: 10, candidate: 20_000, maximum: 120_000 }))).toEqual([20, 40, 120]);
  });

  test('CLI-112: failure: maximum := candidate; over when the interval is 75% of it, else the mean', () => {
    const first = failed(begun(30_000));
    expect(seconds(first)).toEqual([30, 45, 60]);
    expect(isGoodEnough(first)).toBe(false);
    const second = failed(first);
    expect(seconds(second)).toEqual([30, 37.5, 45]);
    expect(isGoodEnough(second)).toBe(false);
    expect(isGoodEnough(failed(second))).toBe(true);
    expect(isGoodEnough({ interval: 45, candidate: 0, maximum: 60 })).toBe(true);
    expect(isGoodEnough({ interval: 44.9, candidate: 0, maximum: 60 })).toBe(false);
  });
});

describe('RFC 4380 §5.2.7: the search', () => {
  test('CLI-110, CLI-111: the secondary port is qualified at once, left alone for 60 s, then a bubble goes to its address', () => {
    const { client } = searching();
    expect(solicitations(client)).toEqual([`solicitation to ${SERVER} by socket 1`]);
    advertise(client, 100);
    const bubbles = searchOnly(runUntilRefreshed(client, 70_000));
    const secondary = teredoAddress('203.0.113.1', SECONDARY, 0x18a5);
    expect(bubbles[0]).toBe(`60100: bubble ${A} > 2001:0:cb00:7101:18a5:60b6:3fff:fdd2 to ${SERVER}`);
    expect(ip6('2001:0:cb00:7101:18a5:60b6:3fff:fdd2')).toEqual(secondary);
  });

  test('CLI-111: the bubble is repeated after 2 s, three times; CLI-112, CLI-113: then the port is qualified again', () => {
    const { client } = searching();
    solicitations(client);
    advertise(client, 100);
    const sent = searchOnly(runUntilRefreshed(client, 70_000)).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(sent).toEqual(['60100: bubble', '62100: bubble', '64100: bubble', '66100: bubble', '68100: solicitation']);
    advertise(client, 68_200);
    expect(searchOnly(runUntilRefreshed(client, 68_200 + 44_999))).toEqual([]); // (30 + 60) / 2
    expect(searchOnly(runUntilRefreshed(client, 68_200 + 45_000))).toHaveLength(1);
  });

  test('CLI-112: a NAT that remembers for two minutes: 60 s, then 90 s, which is enough', () => {
    const { client } = searching();
    advertise(client, 0);
    runUntilRefreshed(client, 60_000);
    bubbleArrives(client, 60_050);
    expect(solicitations(client)).toEqual([`solicitation to ${SERVER} by socket 1`]);
    advertise(client, 60_100);
    runUntilRefreshed(client, 150_100);
    bubbleArrives(client, 150_150);
    expect(client.refreshIntervalMs).toBe(90_000);
    const events = pollEvents(client);
    expect(events).toContainEqual({ type: 'refresh-interval', intervalMs: 90_000 });
    expect(events.at(-1)).toEqual({ type: 'socket', via: 1, open: false });
  });

  test('CLI-112: a NAT that forgets after 31 s: 60, 45, 37.5, 33.75 s fail, and 30 s stays', () => {
    const { client } = searching();
    let now = 0;
    for (const candidate of [60_000, 45_000, 37_500]) {
      advertise(client, now);
      now += candidate + 8000;
      runUntilRefreshed(client, now);
    }
    expect(client.refreshIntervalMs).toBe(30_000);
    expect(pollEvents(client)).toContainEqual({ type: 'refresh-interval', intervalMs: 30_000 });
  });

  test('CLI-110: when the secondary port does not qualify, the interval stays and the port is closed', () => {
    const { client } = searching();
    solicitations(client);
    const sent = searchOnly(runUntilRefreshed(client, 20_000));
    expect(sent.map((line) => Number.parseInt(line, 10))).toEqual([4000, 8000]);
    expect(client.refreshIntervalMs).toBe(30_000);
    expect(pollEvents(client).at(-1)).toEqual({ type: 'socket', via: 1, open: false });
  });

  test('CLI-111: only our own bubble, through our server, on that port, is the bubble', () => {
    const { client } = searching();
    advertise(client, 0);
    runUntilRefreshed(client, 60_000);
    const secondary = teredoAddress('203.0.113.1', SECONDARY, 0x18a5);
    receive(client, '198.51.100.9:3544', withOrigin(MAPPED_A, bubble(A, secondary)), 60_010, 1);
    receive(client, SERVER, withOrigin(MAPPED_A, bubble(B, secondary)), 60_010, 1);
    receive(client, SERVER, withOrigin(MAPPED_A, bubble(A, secondary)), 60_010, 0);
    expect(solicitations(client)).toEqual([]);
    bubbleArrives(client, 60_050);
    expect(solicitations(client)).toHaveLength(1);
  });

  test('CLI-111: with NAT identification before it, the wait runs from the answer to the search’s own solicitation', () => {
    const { client } = qualifiedClient({ findRefreshInterval: true, identifyNat: true });
    advertise(client, 100); // mapping
    solicitations(client);
    receive(
      client,
      '203.0.113.2:3544',
      advertisement({ nonce: NONCE, mapped: SECONDARY, destination: 'fe80::8000:ffff:ffff:fffe' }),
      200,
      1,
    );
    expect(client.nat).toBe('cone');
    solicitations(client);
    receive(client, MAPPED_A, bubble(A, A), 250, 1); // our own bubble, turned round by the NAT
    expect(solicitations(client)).toEqual([`solicitation to ${SERVER} by socket 1`]);
    advertise(client, 3000);
    expect(searchOnly(runUntilRefreshed(client, 62_999))).toEqual([]);
    expect(searchOnly(runUntilRefreshed(client, 63_000))).toHaveLength(1);
  });

  test('what was found about one mapping is not taken for true of the next', () => {
    const { client } = searching();
    advertise(client, 0);
    runUntilRefreshed(client, 60_000);
    bubbleArrives(client, 60_050);
    advertise(client, 60_100);
    runUntilRefreshed(client, 150_100);
    bubbleArrives(client, 150_150);
    expect(client.refreshIntervalMs).toBe(90_000);
    client.start(160_000);
    pollDatagrams(client);
    for (const server of [SERVER, '203.0.113.2:3544'])
      receive(client, server, advertisement({ nonce: NONCE }), 160_000);
    expect(client.isQualified).toBe(true);
    expect(client.refreshIntervalMs).toBe(30_000);
  });
});

/** A client that has just been qualified and searches; its first solicitation of the secondary port waits to be sent. */
function searching(): SceneClient {
  const scene = qualifiedClient({ findRefreshInterval: true });
  // `qualifiedClient` has polled what was to be sent: let the search begin again, in view.
  scene.client.start(0);
  pollDatagrams(scene.client);
  receive(scene.client, SERVER, advertisement({ nonce: NONCE }), 0);
  pollDatagrams(scene.client);
  receive(scene.client, '203.0.113.2:3544', advertisement({ nonce: NONCE }), 0);
  pollEvents(scene.client);
  return scene;
}

function advertise(client: SceneClient['client'], now: number): void {
  receive(client, SERVER, advertisement({ nonce: NONCE, mapped: SECONDARY }), now, 1);
}

function bubbleArrives(client: SceneClient['client'], now: number): void {
  const secondary = teredoAddress('203.0.113.1', SECONDARY, 0x18a5);
  receive(client, SERVER, withOrigin(MAPPED_A, bubble(A, secondary)), now, 1);
}

function solicitations(client: SceneClient['client']): string[] {
  return pollDatagrams(client).map(sentence);
}

/** Lets time pass while the service port is answered whenever it asks. */
function runUntilRefreshed(client: SceneClient['client'], until: number): string[] {
  const sent: string[] = [];
  while (client.pollTimeout() <= until) {
    const now = client.pollTimeout();
    sent.push(...runUntil(client, now));
    receive(client, SERVER, advertisement({ nonce: NONCE }), now);
  }
  return sent;
}

/** Without the maintenance of the service port. */
function searchOnly(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.endsWith(`solicitation to ${SERVER}`));
}
