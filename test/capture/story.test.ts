import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissectPacket, type Endpoint } from '../../src/capture/datagram.ts';
import { type Sighting, Story } from '../../src/capture/story.ts';
import * as authentication from '../../src/wire/authentication.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import * as origin from '../../src/wire/origin.ts';
import * as routerAdvertisement from '../../src/wire/router-advertisement.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import * as teredo from '../../src/wire/teredo.ts';
import { formatIpv6 } from '../../src/wire/text.ts';
import { ALL, bytesOf, ipv4Of, ipv6Of } from '../wire/examples.ts';
import { joined } from './files.ts';
import { udpPacket } from './udp-packet.ts';

const at = (ipv4: string, port: number): Endpoint => ({ ipv4: ipv4Of(ipv4), port });
const LOCAL = at('192.168.1.10', 40001);
const MAPPED = at('192.0.2.45', 40001);
const SERVER = at('203.0.113.1', 3544);
const SERVER_2 = at('203.0.113.2', 3544);
const RELAY = at('198.51.100.9', 3545);
const A = addressOf(MAPPED);
const HOST = ipv6Of('2001:db8::80');
const DATA = bytesOf('a1a2a3a4a5a6a7a8');

describe('qualification, RFC 4380 §5.2.1', () => {
  test('both answers with one mapped endpoint: not symmetric, and qualified', () => {
    const story = new Story();
    const told = tell(story, [
      [0, LOCAL, SERVER, solicitation(1)],
      [50, SERVER, LOCAL, advertisement(1, MAPPED)],
      [60, LOCAL, SERVER_2, solicitation(2)],
      [110, SERVER_2, LOCAL, advertisement(2, MAPPED)],
      [30_000, LOCAL, SERVER, solicitation(3)],
      [30_050, SERVER, LOCAL, advertisement(3, MAPPED)],
    ]);
    expect(told).toEqual([
      'The client asks the server for a prefix, and how it is seen from outside; the cone bit is clear, so the same address answers.',
      'The server saw 192.0.2.45:40001 where the client is 192.168.1.10:40001 here: a NAT stands between, and this mapped endpoint goes into the Teredo address.',
      'The client puts the same question to the server at its other address, 203.0.113.2, to see whether the NAT shows it the same port.',
      '203.0.113.2 saw 192.0.2.45:40001 too, so the NAT has one mapping for all destinations: it is not symmetric, and the client is qualified.',
      '30 s after the last answer the client asks again, which keeps the mapping in its NAT alive.',
      'The server still sees 192.0.2.45:40001: the mapping lives, the address stays.',
    ]);
    expect(story.clients[0]).toMatchObject({ nat: 'not symmetric', mapped: MAPPED, server: SERVER.ipv4 });
  });

  test('CLI-30: two mapped endpoints are a symmetric NAT', () => {
    const story = new Story();
    const told = tell(story, [
      [0, LOCAL, SERVER, solicitation(1)],
      [50, SERVER, LOCAL, advertisement(1, MAPPED)],
      [60, LOCAL, SERVER_2, solicitation(2)],
      [110, SERVER_2, LOCAL, advertisement(2, at('192.0.2.45', 40002))],
    ]);
    expect(told.at(-1)).toContain('saw 192.0.2.45:40002 and not 192.0.2.45:40001: the NAT maps each destination anew');
    expect(story.clients[0]!.nat).toBe('symmetric');
  });

  test('CLI-30: behind a symmetric NAT no address stays, for there is none', () => {
    const told = tell(new Story(), [
      [0, LOCAL, SERVER, solicitation(1)],
      [50, SERVER, LOCAL, advertisement(1, MAPPED)],
      [60, LOCAL, SERVER_2, solicitation(2)],
      [110, SERVER_2, LOCAL, advertisement(2, at('192.0.2.45', 40002))],
      [30_000, LOCAL, SERVER, solicitation(3)],
      [30_050, SERVER, LOCAL, advertisement(3, MAPPED)],
    ]);
    expect(told.at(-1)).toContain('the NAT is symmetric, and the client has no address');
    expect(told.join()).not.toContain('the address stays');
  });

  test('a client behind a NAT is not called by the name of the NAT', () => {
    const story = new Story(new Map([['192.0.2.45', 'NAT']]));
    tell(story, [
      [0, LOCAL, SERVER, solicitation(1)],
      [1, MAPPED, SERVER, solicitation(1)],
      [50, SERVER, MAPPED, advertisement(1, MAPPED)],
      [51, SERVER, LOCAL, advertisement(1, MAPPED)],
      [90, MAPPED, SERVER, solicitation(2)],
    ]);
    expect(story.clients.map(({ name }) => name)).toEqual([undefined]);
  });

  test('SRV-12: an answer from the other address gets in through a cone NAT only', () => {
    const story = new Story();
    const told = tell(story, [
      [0, LOCAL, SERVER, solicitation(1, true)],
      [50, SERVER_2, LOCAL, advertisement(1, MAPPED)],
    ]);
    expect(told[0]).toContain('with the cone bit set');
    expect(told[1]).toContain(
      'The answer comes from 203.0.113.2, where the client never wrote, and gets in: a cone NAT',
    );
    expect(story.clients[0]!.nat).toBe('cone');
  });

  test('silence, then the cone bit cleared; tries are counted', () => {
    const told = tell(new Story(), [
      [0, LOCAL, SERVER, solicitation(1, true)],
      [4_000, LOCAL, SERVER, solicitation(2, true)],
      [8_000, LOCAL, SERVER, solicitation(3)],
    ]);
    expect(told[1]).toBe('The client heard nothing for 4.0 s and asks the server a second time.');
    expect(told[2]).toBe(
      'With the cone bit set no answer came, so this is no cone NAT; the client asks the server again with the bit clear.',
    );
  });

  test('CLI-21: an advertisement with another nonce answers nothing', () => {
    const told = tell(new Story(), [
      [0, LOCAL, SERVER, solicitation(1)],
      [50, SERVER, LOCAL, advertisement(9, MAPPED)],
    ]);
    expect(told[1]).toBe(
      'An advertisement from the server that answers no question of this capture; the client must ignore it.',
    );
  });

  test('CLI-103: a new mapping is a new address', () => {
    const told = tell(new Story(), [
      [0, LOCAL, SERVER, solicitation(1)],
      [50, SERVER, LOCAL, advertisement(1, MAPPED)],
      [30_000, LOCAL, SERVER, solicitation(2)],
      [30_050, SERVER, LOCAL, advertisement(2, at('192.0.2.45', 50_000))],
    ]);
    expect(told[3]).toContain(
      'now sees 192.0.2.45:50000 instead of 192.0.2.45:40001: the old Teredo address of the client ends',
    );
  });

  test('a client that is seen as it is has no NAT before it', () => {
    const story = new Story();
    tell(story, [
      [0, MAPPED, SERVER, solicitation(1)],
      [50, SERVER, MAPPED, advertisement(1, MAPPED)],
    ]);
    expect(story.clients[0]!.nat).toBe('none');
  });
});

describe('a native host, RFC 4380 §3.4, §5.2.9, §5.4.1', () => {
  const bubble = (from: Uint8Array, to: Uint8Array) =>
    packet((out, start) => ipv6.emitBubble(out, start, 21, from, 0, to, 0));
  const relaySource = ipv6Of('fe80::1234');
  const request = echo(icmpv6.ECHO_REQUEST, A, HOST);
  const reply = echo(icmpv6.ECHO_REPLY, HOST, A);

  test('the test, the relay’s bubble, the answer, the reply that waited, and what follows', () => {
    const names = new Map([
      ['2001:db8::80', 'Host'],
      ['192.168.1.10', 'Anna'],
      ['203.0.113.1', 'Server'],
      ['198.51.100.9', 'Relay'],
    ]);
    const story = new Story(names);
    const told = tell(story, [
      [0, LOCAL, SERVER, request],
      [10, undefined, undefined, request],
      [20, undefined, undefined, reply],
      [30, RELAY, SERVER, bubble(relaySource, A)],
      [40, SERVER, LOCAL, withOrigin(RELAY, bubble(relaySource, A))],
      [50, LOCAL, RELAY, bubble(A, relaySource)],
      [60, RELAY, LOCAL, reply],
      [70, LOCAL, RELAY, echo(icmpv6.ECHO_REQUEST, A, HOST, 2)],
      [80, undefined, undefined, echo(icmpv6.ECHO_REQUEST, A, HOST, 2)],
      [90, undefined, undefined, echo(icmpv6.ECHO_REPLY, HOST, A, 2)],
      [100, RELAY, LOCAL, echo(icmpv6.ECHO_REPLY, HOST, A, 2)],
    ]);
    expect(told).toEqual([
      'Anna has Server carry an echo request to Host: the answer will show which relay is nearest to that host (connectivity test).',
      'The server unwraps the test and sends it to Host as plain IPv6.',
      'Host replies to the Teredo address of Anna, so routing takes the reply to the relay nearest to Host.',
      "Relay holds packets for Anna back and sends a bubble to Anna's server, the only one whose datagrams surely get in.",
      'Server hands the bubble on through the path that Anna keeps open, and adds where it came from: 198.51.100.9:3545.',
      'Anna answers the bubble straight to Relay: that opens its NAT for Relay, and shows Relay its mapped endpoint.',
      "The echo reply of Host, held back until now, gets in with the test's own data: Anna trusts 198.51.100.9:3545 as the way to it.",
      'Anna sends an echo request for Host straight to Relay, without the server.',
      'Unwrapped, an echo request goes on to Host as plain IPv6.',
      'Host sends an echo reply to Anna; routing takes it to the relay.',
      'Relay wraps an echo reply of Host and sends it straight to Anna.',
    ]);
  });

  test('CLI-65: a reply with other data proves nothing', () => {
    const forged = reply.slice();
    forged[forged.length - 1]! ^= 1;
    const told = tell(new Story(), [
      [0, LOCAL, SERVER, request],
      [10, RELAY, LOCAL, forged],
    ]);
    expect(told[1]).toContain('other data than the test had');
  });

  test('the host begins: the relay’s bubble opens the way for its packet', () => {
    const told = tell(new Story(), [
      [0, undefined, undefined, echo(icmpv6.ECHO_REQUEST, HOST, A)],
      [10, RELAY, SERVER, bubble(relaySource, A)],
      [20, SERVER, LOCAL, withOrigin(RELAY, bubble(relaySource, A))],
      [30, LOCAL, RELAY, bubble(A, relaySource)],
      [40, RELAY, LOCAL, echo(icmpv6.ECHO_REQUEST, HOST, A)],
    ]);
    expect(told[0]).toBe(
      '2001:db8::80 sends an echo request to 2001:0:cb00:7101:0:63be:3fff:fdd2; 2001::/32 leads it to the nearest relay.',
    );
    expect(told[4]).toBe(
      'The way is open: the relay sends an echo request of 2001:db8::80, held back until now, straight to the client.',
    );
  });
});

describe('two clients, RFC 4380 §5.2.4 (5)', () => {
  const B_LOCAL = at('10.0.0.7', 51_413);
  const B_MAPPED = at('198.51.100.77', 51_413);
  const B = addressOf(B_MAPPED);
  const aToB = packet((out, start) => ipv6.emitBubble(out, start, 21, A, 0, B, 0));
  const bToA = packet((out, start) => ipv6.emitBubble(out, start, 21, B, 0, A, 0));

  test('direct bubble, indirect bubble, answer, data', () => {
    const story = new Story();
    const told = tell(story, [
      {
        type: 'datagram',
        at: 0,
        source: LOCAL,
        destination: B_MAPPED,
        payload: aToB,
        seenSource: MAPPED,
        reached: B_LOCAL,
        from: 'Anna',
        to: 'Ben',
        ttl: 64,
      },
      {
        type: 'datagram',
        at: 1,
        source: LOCAL,
        destination: SERVER,
        payload: aToB,
        seenSource: MAPPED,
        from: 'Anna',
        to: 'Server',
        ttl: 64,
      },
      {
        type: 'datagram',
        at: 20,
        source: SERVER,
        destination: B_MAPPED,
        payload: withOrigin(MAPPED, aToB),
        reached: B_LOCAL,
        from: 'Server',
        to: 'Ben',
        ttl: 64,
      },
      {
        type: 'datagram',
        at: 30,
        source: B_LOCAL,
        destination: MAPPED,
        payload: bToA,
        seenSource: B_MAPPED,
        reached: LOCAL,
        from: 'Ben',
        to: 'Anna',
        ttl: 64,
      },
      {
        type: 'datagram',
        at: 40,
        source: LOCAL,
        destination: B_MAPPED,
        payload: echo(icmpv6.ECHO_REQUEST, A, B),
        seenSource: MAPPED,
        reached: B_LOCAL,
        from: 'Anna',
        to: 'Ben',
        ttl: 64,
      },
    ]);
    expect(told).toEqual([
      'Anna sends a bubble straight to 198.51.100.77:51413: the NAT of Ben may refuse it, but its own NAT now awaits an answer from there.',
      "Anna sends a bubble by way of Ben's server, for the NAT of Ben lets in what comes from Server.",
      'Server hands the bubble on through the path that Ben keeps open, and adds where it came from: 192.0.2.45:40001.',
      'Ben answers the bubble straight to Anna: the NAT of Anna already waits for it.',
      'Both NATs are open: Anna sends an echo request straight to Ben, with no relay and no server.',
    ]);
    expect(story.clients.map(({ name, address }) => [name, address])).toEqual([
      ['Anna', formatIpv6(A)],
      ['Ben', formatIpv6(B)],
    ]);
  });
});

describe('captures of several wires', () => {
  test('a NAT’s rewriting is one row, a further hop none, and the client stays one', () => {
    const story = new Story();
    const first = solicitation(1);
    const answer = advertisement(1, MAPPED);
    const rows = [
      sighting(0, LOCAL, SERVER, first, 'home'),
      sighting(1, MAPPED, SERVER, first, 'outside'),
      sighting(2, MAPPED, SERVER, first, 'at the server'),
      sighting(3, SERVER, MAPPED, answer, 'at the server'),
      sighting(4, SERVER, LOCAL, answer, 'home'),
    ].flatMap((seen) => story.add(seen) ?? []);
    expect(rows.map(({ kind, sentence }) => [kind, sentence.slice(0, 60)])).toEqual([
      ['router solicitation', 'The client asks the server for a prefix, and how it is seen '],
      ['translation', 'A NAT writes 192.0.2.45:40001 in place of 192.168.1.10:40001'],
      ['router advertisement', 'The server saw 192.0.2.45:40001 where the client is 192.168.'],
      ['translation', 'A NAT writes 192.168.1.10:40001 in place of 192.0.2.45:40001'],
    ]);
    expect([story.clients.length, story.totals.teredo, story.totals.copies]).toEqual([1, 2, 3]);
  });
});

test('one private address on two wires is two clients', () => {
  const story = new Story();
  const other = at('198.51.100.77', 50_000);
  const rows = [
    sighting(0, LOCAL, SERVER, solicitation(1), 'home A'),
    sighting(1, MAPPED, SERVER, solicitation(1), 'outside'),
    sighting(2_000, LOCAL, SERVER, solicitation(2), 'home B'),
    sighting(2_001, other, SERVER, solicitation(2), 'outside'),
    sighting(2_002, SERVER, MAPPED, advertisement(1, MAPPED), 'outside'),
    sighting(2_003, SERVER, other, advertisement(2, other), 'outside'),
  ].flatMap((seen) => story.add(seen) ?? []);
  expect(rows.map(({ kind, client }) => [kind, client?.id])).toEqual([
    ['router solicitation', 1],
    ['translation', 1],
    ['router solicitation', 2],
    ['translation', 2],
    ['router advertisement', 1],
    ['router advertisement', 2],
  ]);
  expect(story.clients.map(({ mapped }) => mapped)).toEqual([MAPPED, other]);
});

test('the story never throws and every row is whole, whatever comes', () => {
  const endpoint = fc.constantFrom(LOCAL, MAPPED, SERVER, SERVER_2, RELAY, at('224.0.0.253', 3544), at('0.0.0.0', 0));
  const change = fc.tuple(fc.nat(), fc.nat(255));
  const payload = fc
    .tuple(fc.constantFrom(...Object.values(ALL).map(bytesOf)), fc.array(change, { maxLength: 2 }))
    .map(([example, changes]) => {
      const bytes = example.slice();
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.array(fc.tuple(endpoint, endpoint, payload, fc.boolean()), { maxLength: 30 }), (steps) => {
      const story = new Story();
      let now = 0;
      for (const [source, destination, bytes, isNative] of steps) {
        now += 500;
        const captured = isNative ? dissectPacket(bytes) : dissectPacket(udpPacket(source, destination, bytes));
        const row = story.add({ ...captured, at: now });
        if (row === undefined) continue;
        expect(row.sentence).toMatch(/^[^a-z].*\.$/);
        expect(`${row.sentence} ${row.summary} ${row.from} ${row.to}`).not.toMatch(/undefined|NaN|\[object/);
      }
    }),
    { numRuns: 500 },
  );
});

type Step = readonly [at: number, source: Endpoint | undefined, destination: Endpoint | undefined, bytes: Uint8Array];

/** The sentences of a conversation; a step without endpoints is a native packet. */
function tell(story: Story, steps: readonly (Step | Sighting)[]): string[] {
  return steps.map((step) => {
    const seen = 'type' in step ? step : asSighting(step);
    const row = story.add(seen);
    if (row === undefined) throw new Error(`nothing told at ${seen.at}`);
    return row.sentence;
  });
}

function asSighting([when, source, destination, bytes]: Step): Sighting {
  if (source === undefined || destination === undefined) return { type: 'packet', packet: bytes, at: when };
  return sighting(when, source, destination, bytes);
}

function sighting(when: number, source: Endpoint, destination: Endpoint, payload: Uint8Array, link?: string): Sighting {
  const seen: Sighting = { type: 'datagram', at: when, source, destination, payload, ttl: 64 };
  return link === undefined ? seen : { ...seen, link };
}

function packet(write: (bytes: Uint8Array, start: number) => number): Uint8Array {
  const bytes = new Uint8Array(300);
  return bytes.slice(0, write(bytes, 0));
}

function solicitation(nonce: number, isCone = false): Uint8Array {
  const source = ipv6Of(isCone ? 'fe80::8000:ffff:ffff:fffe' : 'fe80::ffff:ffff:fffe');
  return packet((bytes) => routerSolicitation.emit(bytes, header(bytes, nonce), source));
}

function advertisement(nonce: number, mapped: Endpoint): Uint8Array {
  const source = new Uint8Array(16);
  teredo.emitLinkLocal(source, 0, teredo.FLAG_CONE, SERVER.ipv4, 3544);
  return packet((bytes) => {
    const start = origin.emit(bytes, header(bytes, nonce), mapped.ipv4, mapped.port);
    return routerAdvertisement.emit(bytes, start, source, ipv6Of('fe80::ffff:ffff:fffe'), 0, SERVER.ipv4, undefined);
  });
}

function header(bytes: Uint8Array, nonce: number): number {
  const none = new Uint8Array(0);
  return authentication.emit(bytes, 0, none, none, new Uint8Array(8).fill(nonce), 0, 0);
}

function echo(type: number, from: Uint8Array, to: Uint8Array, sequence = 1): Uint8Array {
  return packet((bytes, start) => icmpv6.emitEcho(bytes, start, type, 64, from, 0, to, 0, 7, sequence, DATA));
}

function withOrigin(mapped: Endpoint, inner: Uint8Array): Uint8Array {
  return joined([packet((bytes, start) => origin.emit(bytes, start, mapped.ipv4, mapped.port)), inner]);
}

function addressOf(mapped: Endpoint): Uint8Array {
  const address = new Uint8Array(16);
  teredo.emit(address, 0, SERVER.ipv4, 0, mapped.ipv4, mapped.port);
  return address;
}
