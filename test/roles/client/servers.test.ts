import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src/roles/client/client.ts';
import { Servers } from '../../../src/roles/client/servers.ts';
import { formatIpv4, formatIpv6 } from '../../../src/wire/text.ts';
import { advertisement, nonceOf } from '../packets.ts';
import { MAPPED_A, ScriptedRandom } from '../scene.ts';
import { type Datagram, ip, makeClient, pollDatagrams, pollEvents, receive } from '../support.ts';

const FIRST = '203.0.113.1';
const SECOND = '198.51.100.1';
const THIRD = '198.51.100.9';

describe('The list of servers: ranking', () => {
  test('by preference; among servers liked alike the one that answered fastest, then those never asked', () => {
    const servers = new Servers([server(FIRST, 1), server(SECOND, 0), server(THIRD, 0)]);
    expect(ranked(servers, 0)).toEqual([SECOND, THIRD, FIRST]);
    for (const [name, roundTripMs] of [[SECOND, 80] as const, [THIRD, 20] as const]) {
      servers.asked(ip(name), 0);
      servers.answered(ip(name), roundTripMs);
    }
    expect(ranked(servers, 0)).toEqual([THIRD, SECOND, FIRST]);
  });

  test('whoever failed comes last for 30 s, twice as long each time in a row, 10 min at most', () => {
    const servers = new Servers([server(FIRST, 0), server(SECOND, 1)]);
    for (const [now, seconds] of [
      [0, 30],
      [100_000, 60],
      [200_000, 120],
    ] as const) {
      servers.failed(ip(FIRST), now);
      expect(ranked(servers, now + seconds * 1_000 - 1)).toEqual([SECOND, FIRST]);
      expect(ranked(servers, now + seconds * 1_000)).toEqual([FIRST, SECOND]);
    }
    for (let time = 0; time < 20; time++) servers.failed(ip(FIRST), 0);
    expect(ranked(servers, 600_000)).toEqual([FIRST, SECOND]);
    servers.failed(ip(FIRST), 0);
    servers.succeeded(ip(FIRST));
    expect(ranked(servers, 0)).toEqual([FIRST, SECOND]);
  });

  test('a server twice is one, and sixteen are enough', () => {
    const many = Array.from({ length: 40 }, (_, index) => server(`192.0.2.${index + 1}`, index));
    expect(new Servers([...many, ...many]).count).toBe(16);
  });
});

describe('Failover', () => {
  test('the best server is asked alone for 2 s, then the next one too, at both addresses at once; who answers serves', () => {
    const client = made([FIRST, SECOND]);
    client.start(0);
    expect(asked(client)).toEqual([FIRST]);
    expect(runTo(client, 2_000)).toEqual([`2000: ${SECOND}`, '2000: 198.51.100.2']);
    answer(client, lastSent, '198.51.100.2', SECOND, 2_050);
    expect(client.state).toBe('starting');
    answer(client, lastSent, SECOND, SECOND, 2_060);
    expect(client.state).toBe('qualified');
    expect(formatIpv6(client.address!)).toMatch(/^2001:0:c633:6401:/);
    expect(serverEvents(client)).toEqual([`${SECOND} instead of ${FIRST}: previous server silent`]);
  });

  test('with a standby the server in use is asked every 5.25 to 7 s, without one every 22.5 to 30 s', () => {
    for (const [names, from, to] of [
      [[FIRST, SECOND], 5_250, 7_000],
      [[FIRST], 22_500, 30_000],
    ] as const) {
      const client = qualified(names);
      expect(client.pollTimeout()).toBeGreaterThanOrEqual(from);
      expect(client.pollTimeout()).toBeLessThanOrEqual(to);
    }
  });

  test('6 s without an answer to five solicitations: the second server, already tried, takes over within 13 s', () => {
    const client = qualified([FIRST, SECOND]);
    const before = formatIpv6(client.address!);
    const sent = runTo(client, 13_000, (datagram, now) => {
      if (!datagram.endpoint.startsWith(FIRST)) answer(client, [datagram], bare(datagram), SECOND, now + 20);
    });
    // Nothing to the first one any more at 11,250 ms: the other one takes over.
    expect(sent.slice(0, 7).map((line) => line.replace(/\.\d+/, ''))).toEqual([
      `5250: ${FIRST}`,
      `7250: ${FIRST}`,
      `7250: ${SECOND}`,
      '7250: 198.51.100.2',
      `8250: ${FIRST}`,
      `9250: ${FIRST}`,
      `10250: ${FIRST}`,
    ]);
    expect(sent.slice(7).filter((line) => Number.parseFloat(line) < 12_000 && line.endsWith(FIRST))).toEqual([]);
    expect(client.state).toBe('qualified');
    expect(formatIpv6(client.address!)).not.toBe(before);
    expect(formatIpv6(client.address!).slice(20)).toBe(before.slice(20)); // the mapping, and its random bits, stay
    expect(serverEvents(client)).toEqual([`${SECOND} instead of ${FIRST}: previous server silent`]);
  });

  test('one answer of the server in use ends the doubt: nobody takes over', () => {
    const client = qualified([FIRST, SECOND]);
    let fromFirst = 0;
    runTo(client, 60_000, (datagram, now) => {
      if (datagram.endpoint.startsWith(FIRST)) {
        if (++fromFirst % 3 === 0) answer(client, [datagram], FIRST, FIRST, now + 20);
      } else {
        answer(client, [datagram], bare(datagram), SECOND, now + 10);
      }
    });
    expect(fromFirst).toBeGreaterThan(9);
    expect(serverEvents(client)).toEqual([]);
    expect(formatIpv6(client.address!)).toMatch(/^2001:0:cb00:7101:/);
  });

  test('CLI-104: when nobody answers, the server is lost after 12 s like a single one; then the others come first', () => {
    const client = qualified([FIRST, SECOND]);
    runTo(client, 5_250 + 11_990);
    expect(client.state).toBe('qualified');
    runTo(client, 5_250 + 12_010);
    expect(client.state).toBe('off-line');
    const [event] = pollEvents(client).filter(({ type }) => type === 'off-line');
    expect(event).toMatchObject({ reason: 'primary server unreachable' });
    expect(runTo(client, 30_000)[0]).toMatch(new RegExp(`: ${SECOND}$`));
  });

  test('an advertisement with the prefix of another server than the one asked is none', () => {
    const client = made([FIRST, SECOND]);
    client.start(0);
    runTo(client, 2_000);
    answer(client, lastSent, SECOND, FIRST, 2_010);
    answer(client, lastSent, '198.51.100.2', FIRST, 2_020);
    expect(client.state).toBe('starting');
  });
});

describe('Return to the preferred server', () => {
  test('after five answers in a row, a minute apart, and not while a peer is spoken to', () => {
    const client = onSecond();
    const wentAt = returnOf(client, 600_000);
    // Five answers, the sixth question is the trial.
    expect(wentAt).toBeGreaterThanOrEqual(5 * 45_000);
    expect(wentAt).toBeLessThanOrEqual(8 * 60_000);
    expect(serverEvents(client)).toEqual([`${FIRST} instead of ${SECOND}: preferred server answers again`]);
  });

  test('a server that answers now and then is not returned to', () => {
    const client = onSecond();
    let asks = 0;
    expect(returnOf(client, 3_600_000, () => ++asks % 4 !== 0)).toBe(Number.POSITIVE_INFINITY);
    expect(asks).toBeGreaterThan(50);
  });

  test('a return that did not last asks for twice as many answers', () => {
    const client = onSecond();
    const first = returnOf(client, 600_000);
    const lostAt = loseFirst(client);
    const second = returnOf(client, lostAt + 1_800_000) - lostAt;
    expect(second).toBeGreaterThan(1.5 * first);
  });

  test('no return while a trusted peer was heard within a minute', () => {
    const client = onSecond();
    const peer = client.peers.add(client.address!.slice().fill(7, 12), 0, 0);
    client.peers.trust(peer, ip('192.0.2.99'), 4000, 0, 0);
    const talking = (now: number) => {
      client.peers.lastReceptionAt[peer] = now;
      return true;
    };
    expect(returnOf(client, 1_800_000, talking)).toBe(Number.POSITIVE_INFINITY);
    expect(returnOf(client, 3_600_000)).toBeLessThan(1_800_000 + 180_000);
  });
});

describe('A list that changes', () => {
  test('without any server the client waits; with the first one it begins', () => {
    const client = made([]);
    client.start(0);
    expect(client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(pollEvents(client).filter(({ type }) => type === 'off-line')).toEqual([]);
    client.setServers([], 1_000);
    expect(pollEvents(client)).toMatchObject([{ type: 'off-line', reason: 'failed to resolve server name' }]);
    client.setServers([], 2_000);
    expect(pollEvents(client)).toEqual([]);
    client.setServers([server(FIRST, 0)], 3_000);
    expect(asked(client)).toEqual([FIRST]);
  });

  test('a server that is gone from the list serves until another has answered', () => {
    const client = qualified([FIRST]);
    client.setServers([server(SECOND, 0)], 100);
    expect(client.state).toBe('qualified');
    const sent = pollDatagrams(client);
    expect(sent.map(bare)).toEqual([SECOND, '198.51.100.2']);
    expect(formatIpv6(client.address!)).toMatch(/^2001:0:cb00:7101:/);
    for (const datagram of sent) answer(client, [datagram], bare(datagram), SECOND, 200);
    expect(formatIpv6(client.address!)).toMatch(/^2001:0:c633:6401:/);
    expect(serverEvents(client)).toEqual([`${SECOND} instead of ${FIRST}: list of servers changed`]);
  });

  test('the same list again changes nothing', () => {
    const client = qualified([FIRST, SECOND]);
    client.setServers([server(FIRST, 0), server(SECOND, 1)], 100);
    expect(pollDatagrams(client)).toEqual([]);
    expect(pollEvents(client)).toEqual([]);
  });
});

// ---- Helpers ------------------------------------------------------------------------------------------------------

function server(ipv4: string, preference: number) {
  return { ipv4: ip(ipv4), ipv4Secondary: ip(ipv4) + 1, preference };
}

function ranked(servers: Servers, now: number): string[] {
  return servers.ranked(now).map(({ ipv4 }) => formatIpv4(ipv4));
}

function made(names: readonly string[]): Client {
  return makeClient({ servers: names.map((name, index) => server(name, index)) }, new ScriptedRandom());
}

function qualified(names: readonly string[]): Client {
  const client = made(names);
  client.start(0);
  for (const from of [FIRST, '203.0.113.2']) answer(client, pollDatagrams(client), from, FIRST, 0);
  expect(client.state).toBe('qualified');
  pollEvents(client);
  return client;
}

/** A client that has lost its first server and is on the second one at 0. */
function onSecond(): Client {
  const client = made([FIRST, SECOND]);
  client.start(-5_000);
  runTo(client, 0, (datagram, now) => {
    if (!datagram.endpoint.startsWith(FIRST)) answer(client, [datagram], bare(datagram), SECOND, now);
  });
  expect(formatIpv6(client.address!)).toMatch(/^2001:0:c633:6401:/);
  pollEvents(client);
  return client;
}

let lastSent: Datagram[] = [];

function bare({ endpoint }: Datagram): string {
  return endpoint.replace(/:3544$/, '');
}

function asked(client: Client): string[] {
  return pollDatagrams(client).map(bare);
}

/** Answers what was sent to the address `from`, with the prefix of `prefix`. */
function answer(client: Client, sent: readonly Datagram[], from: string, prefix: string, now: number): void {
  const solicitation = sent.findLast((datagram) => bare(datagram) === from);
  if (solicitation === undefined) throw new Error(`nothing was sent to ${from}`);
  const bytes = advertisement({ nonce: nonceOf(solicitation.bytes), mapped: MAPPED_A, server: prefix });
  receive(client, `${from}:3544`, bytes, now);
}

/** Every deadline at its instant; each datagram is shown to `onSent`. */
function runTo(client: Client, until: number, onSent: (datagram: Datagram, now: number) => void = () => {}): string[] {
  const lines: string[] = [];
  for (let now = 0; ; ) {
    const sent = pollDatagrams(client);
    if (sent.length > 0) lastSent = sent;
    for (const datagram of sent) {
      lines.push(`${now}: ${bare(datagram)}`);
      onSent(datagram, now);
    }
    if (sent.length > 0) continue;
    now = client.pollTimeout();
    if (now > until) return lines;
    client.handleTimeout(now);
  }
}

/** Both servers answer, the first one when `answers` says so; the instant at which it is in use, Infinity: never. */
function returnOf(client: Client, until: number, answers: (now: number) => boolean = () => true): number {
  while (client.pollTimeout() <= until) {
    const next = client.pollTimeout();
    runTo(client, next, (datagram, now) => {
      const isFirst = datagram.endpoint.startsWith('203.0.113');
      if (!isFirst || answers(now)) answer(client, [datagram], bare(datagram), isFirst ? FIRST : SECOND, now + 5);
    });
    if (isOn(client, '2001:0:cb00:7101:')) return next;
  }
  return Number.POSITIVE_INFINITY;
}

/** The first server falls silent again, the second takes over: the instant of it. */
function loseFirst(client: Client): number {
  while (!isOn(client, '2001:0:c633:6401:')) {
    runTo(client, client.pollTimeout(), (datagram, now) => {
      if (!datagram.endpoint.startsWith('203.0.113')) answer(client, [datagram], bare(datagram), SECOND, now + 5);
    });
  }
  pollEvents(client);
  return client.pollTimeout() - 7_000;
}

function isOn(client: Client, prefix: string): boolean {
  return client.address !== undefined && formatIpv6(client.address).startsWith(prefix);
}

function serverEvents(client: Client): string[] {
  return pollEvents(client).flatMap((event) => {
    if (event.type !== 'server') return [];
    const previous = event.previous === undefined ? '' : ` instead of ${formatIpv4(event.previous.ipv4)}`;
    return [`${formatIpv4(event.server.ipv4)}${previous}: ${event.reason}`];
  });
}
