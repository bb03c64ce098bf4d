import { describe, expect, test } from 'vitest';
import { E1, E1C, E2, E2M, E5, E6, E10, E12, MIREDO_BUBBLE, XP_RS } from '../../wire/examples.ts';
import {
  bubble,
  echo,
  echoRequest,
  hexOf,
  icmp,
  join,
  packet,
  solicitation,
  teredoAddress,
  withAuthentication,
  withOrigin,
} from '../packets.ts';
import { A, B, MAPPED_A, MAPPED_B, NATIVE, network, RELAY, SERVER, SERVER2 } from '../scene.ts';
import { type Datagram, drops, hex, makeServer, pollDatagrams, receive, transmit } from '../support.ts';

const [S1, S2] = ['203.0.113.1', '203.0.113.2'];
/** A victim that must not be sent anything by the server. */
const VICTIM = '198.51.100.20:5000';

describe('RFC 4380 §5.3.2: router solicitations', () => {
  test('SRV-11, SRV-14, E1, E2, E2m: E1 is answered by E2, octet for octet, and by E2m without an MTU to tell', () => {
    for (const [mtu, example] of [
      [1280, E2],
      [undefined, E2M],
    ] as const) {
      const server = makeServer(mtu === undefined ? {} : { mtu });
      expect(receive(server, MAPPED_A, hex(E1), 0)).toEqual([]);
      expect(pollDatagrams(server)).toEqual([{ endpoint: MAPPED_A, via: 0, bytes: hex(example) }]);
    }
  });

  test('SRV-12, S11, UPD-04: cone bit set: from the other address; clear: from the same; always W-05 as source', () => {
    for (const [example, via, answeredFrom] of [
      [E1, 0, 0],
      [E1, 1, 1],
      [E1C, 0, 1],
      [E1C, 1, 0],
    ] as const) {
      const server = makeServer();
      receive(server, MAPPED_A, hex(example), 0, via);
      const [answer] = pollDatagrams(server);
      expect(answer!.via).toBe(answeredFrom);
      expect(hexOf(answer!.bytes.subarray(13 + 8 + 8, 13 + 8 + 24))).toBe('fe800000000000008000f22734ff8efe'); // UPD-05
      expect(hexOf(answer!.bytes.subarray(13 + 8 + 72, 13 + 8 + 80))).toBe('20010000cb007101'); // the prefix
    }
  });

  test('SRV-14, S2: without authentication in, none out: no octet of another client’s', () => {
    const server = makeServer();
    const secret = hex('534543524554 4e31');
    for (let i = 0; i < 1000; i++) {
      const from = `192.0.2.${i % 200}:${2000 + i}`;
      receive(server, '198.51.100.99:7777', withAuthentication(solicitation(), secret), 10 * i);
      receive(server, from, solicitation(), 10 * i);
      const answers = pollDatagrams(server).filter(({ endpoint }) => endpoint === from);
      for (const { bytes } of answers) {
        expect(hexOf(bytes.subarray(0, 2))).toBe('0000');
        expect(hexOf(bytes)).not.toContain(hexOf(secret));
        expect(bytes).toHaveLength(96);
      }
      expect(answers).toHaveLength(1);
    }
  });

  test('S1, 1.6: an answer is at most twice the question: 96 octets for 48, 109 for 61', () => {
    const server = makeServer();
    receive(server, MAPPED_A, solicitation(), 0);
    receive(server, MAPPED_A, hex(E1), 0);
    expect(pollDatagrams(server).map(({ bytes }) => bytes.length)).toEqual([96, 109]);
  });

  test('S1, SEC-14: one source gets its burst and its rate, ports aside; another still gets its answer', () => {
    const server = makeServer({ advertisementsPerSecond: 50, advertisementsBurst: 100 });
    let answers = 0;
    let octetsOut = 0;
    let others = 0;
    for (let i = 0; i < 100_000; i++) {
      const now = i / 10; // 10,000 a second for 10 s
      receive(server, `198.51.100.20:${1024 + (i % 60_000)}`, solicitation(), now);
      if (i % 1000 === 0) receive(server, MAPPED_A, solicitation(), now);
      for (const { endpoint, bytes } of pollDatagrams(server)) {
        if (endpoint === MAPPED_A) others++;
        else {
          answers++;
          octetsOut += bytes.length;
        }
      }
    }
    expect(answers).toBeLessThanOrEqual(50 * 10 + 100 + 1);
    expect(answers).toBeGreaterThan(500);
    expect(others).toBe(100);
    expect(octetsOut / (100_000 * 48)).toBeLessThanOrEqual(1);
  });

  test('SRV-10, S8, 1.6: what RFC 4861 §6.1.1 forbids is not answered', () => {
    const good = solicitation();
    const wrong: [string, Uint8Array][] = [
      ['hop limit 1', changed(good, 7, 1)],
      ['hop limit 254', changed(good, 7, 254)],
      ['code 1', icmp('fe80::1', 'ff02::2', hex('8501000000000000'))],
      ['checksum 0', changed(good, 42, 0, 0)],
      ['checksum wrong', changed(good, 43, good[43]! ^ 1)],
      ['an option of length 0', icmp('fe80::1', 'ff02::2', hex('8500000000000000 0100 0000000000 00'))],
      ['an option past the end', icmp('fe80::1', 'ff02::2', hex('8500000000000000 0102 000000000000'))],
      ['7 octets', icmp('fe80::1', 'ff02::2', hex('85000000000000'))],
      ['from ::', icmp('::', 'ff02::2', hex('8500000000000000'))],
      ['from a global address', icmp(NATIVE, 'ff02::2', hex('8500000000000000'))],
      ['from a multicast address', icmp('ff02::1', 'ff02::2', hex('8500000000000000'))],
      ['from a Teredo address', icmp(A, 'ff02::2', hex('8500000000000000'))],
      ['to all nodes', icmp('fe80::1', 'ff02::1', hex('8500000000000000'))],
      ['an advertisement', icmp('fe80::1', 'ff02::2', hex('86000000000000000000000000000000'))],
      ['an echo request', icmp('fe80::1', 'ff02::2', hex('8000000000000000'))],
      ['a bubble', bubble('fe80::1', 'ff02::2')],
    ];
    const server = makeServer();
    for (const [name, bytes] of wrong) {
      receive(server, MAPPED_A, bytes, 0);
      receive(server, MAPPED_A, withAuthentication(bytes), 0);
      expect(pollDatagrams(server), name).toEqual([]);
    }
  });

  test('SRV-10: options are walked and ignored; XP sends 24 octets; 1.6: trailers are no part of it', () => {
    const server = makeServer();
    for (const bytes of [
      hex(XP_RS),
      join(solicitation(), new Uint8Array(100)),
      icmp('fe80::1', 'ff02::2', hex('8500000000000000 ff01000000000000')),
    ]) {
      receive(server, MAPPED_A, bytes, 0);
      expect(pollDatagrams(server)).toHaveLength(1);
    }
  });

  test('W-06: any source of fe80::/10 will do, and the answer goes to it', () => {
    const server = makeServer();
    for (const source of ['fe80::1', 'febf::7fff:1:2:3', 'fe80::ffff:ffff:ffff']) {
      receive(server, MAPPED_A, solicitation(source), 0);
      const [answer] = pollDatagrams(server);
      expect(answer!.via).toBe(0);
      expect(hexOf(answer!.bytes.subarray(8 + 24, 8 + 40))).toBe(hexOf(solicitation(source).subarray(8, 24)));
    }
  });

  test('SRV-05, SRV-13, SEC-03: no answer to an address that is not global unicast', () => {
    const server = makeServer();
    server.setLocalNetworks([network('203.0.113.1', 24)]);
    for (const from of [
      '10.0.0.1:1',
      '127.0.0.1:1',
      '192.168.1.1:1',
      '224.0.0.1:1',
      '255.255.255.255:1',
      '0.0.0.0:1',
      '192.88.99.1:1',
      '192.0.2.1:0',
      '203.0.113.255:1',
    ]) {
      receive(server, from, solicitation(), 0);
    }
    expect(pollDatagrams(server)).toEqual([]);
    expect(drops(server)).toEqual({ 'not global IPv4': 9 });
  });

  test('SRV-25: the server does not answer itself', () => {
    const server = makeServer();
    for (const from of [SERVER, SERVER2]) receive(server, from, solicitation(), 0);
    expect(pollDatagrams(server)).toEqual([]);
    expect(drops(server)).toEqual({ loop: 2 });
  });
});

describe('RFC 4380 §5.3.1: bubbles to Teredo clients', () => {
  test('SRV-08, SRV-21, E12: from a relay’s link-local source: delivered as E12, octet for octet', () => {
    const server = makeServer();
    receive(server, RELAY, hex(E12).subarray(8), 0);
    expect(pollDatagrams(server)).toEqual([{ endpoint: MAPPED_A, via: 0, bytes: hex(E12) }]);
  });

  test('SRV-08, W-10: Miredo’s bubble with hop limit 0', () => {
    const server = makeServer();
    receive(server, RELAY, hex(MIREDO_BUBBLE), 0);
    const [sent] = pollDatagrams(server);
    expect(hexOf(sent!.bytes.subarray(8))).toBe(hexOf(hex(MIREDO_BUBBLE)));
  });

  test('SRV-07, SRV-20, SRV-21, SRV-22, S10, E6, E7: from client to client, trailers and all, with the origin for our own', () => {
    const serverOfB = makeServer({ ipv4: ipv4(198, 51, 100, 1), ipv4Secondary: ipv4(198, 51, 100, 2) });
    receive(serverOfB, MAPPED_A, hex(E6), 0);
    expect(pollDatagrams(serverOfB)).toEqual([
      { endpoint: MAPPED_B, via: 0, bytes: join(hex('0000 63be 3ffffdd2'), hex(E6)) },
    ]);
    const serverOfA = makeServer();
    receive(serverOfA, MAPPED_A, hex(E6), 0);
    expect(pollDatagrams(serverOfA)).toEqual([{ endpoint: MAPPED_B, via: 0, bytes: hex(E6) }]);
  });

  test('SRV-20: received on the secondary address, sent from the primary', () => {
    const server = makeServer();
    receive(server, RELAY, hex(MIREDO_BUBBLE), 0, 1);
    expect(pollDatagrams(server)[0]!.via).toBe(0);
  });

  test('SRV-22: an authentication header in front is not passed on', () => {
    const server = makeServer();
    receive(server, MAPPED_A, withAuthentication(hex(E5)), 0);
    expect(pollDatagrams(server).map(({ bytes }) => hexOf(bytes))).toEqual([hexOf(hex(E5))]);
  });

  test('S5: an origin indication in front ends it: only servers write them', () => {
    const server = makeServer();
    for (const bytes of [
      withOrigin(MAPPED_A, hex(E5)),
      withOrigin(MAPPED_A, solicitation()),
      withAuthentication(withOrigin(MAPPED_A, hex(E5))),
    ]) {
      receive(server, MAPPED_A, bytes, 0);
    }
    expect(pollDatagrams(server)).toEqual([]);
    expect(drops(server)).toEqual({ unexpected: 3 });
  });

  test('S5: two servers, one bubble that each would send to the other: two datagrams at most', () => {
    const servers = [makeServer(), makeServer({ ipv4: ipv4(198, 51, 100, 1), ipv4Secondary: ipv4(198, 51, 100, 2) })];
    const ends = [SERVER, '198.51.100.1:3544'];
    for (const [from, to] of [
      [S1, ends[1]],
      ['198.51.100.1', ends[0]],
    ] as const) {
      let inFlight: (Datagram & { from: string })[] = [
        { from: RELAY, endpoint: `${from}:3544`, bytes: bubble('2001:db8::5', teredoAddress(from, to!)), via: 0 },
      ];
      let forwarded = 0;
      while (inFlight.length > 0 && forwarded < 100) {
        inFlight = inFlight.flatMap((datagram) => {
          const at = ends.indexOf(datagram.endpoint);
          if (at < 0) return [];
          receive(servers[at]!, datagram.from, datagram.bytes, 0);
          return pollDatagrams(servers[at]!).map((next) => ({ ...next, from: ends[at]! }));
        });
        forwarded += inFlight.length;
      }
      expect(forwarded).toBeLessThanOrEqual(2);
    }
  });

  test('SRV-07, SRV-09, 1.6: a Teredo source with another mapping than the sender’s', () => {
    const server = makeServer();
    for (const from of ['192.0.2.45:40002', '192.0.2.46:40001', VICTIM]) receive(server, from, hex(E5), 0);
    expect(pollDatagrams(server)).toEqual([]);
    expect(drops(server)).toEqual({ 'mapping mismatch': 3 });
  });

  test('SRV-08, SRV-09, 1.6: a native or link-local source to a client of another server', () => {
    const server = makeServer();
    for (const source of [NATIVE, 'fe80::1']) receive(server, RELAY, bubble(source, B), 0);
    receive(server, RELAY, bubble(NATIVE, teredoAddress(S2, MAPPED_A)), 0);
    expect(pollDatagrams(server)).toEqual([]);
    expect(drops(server)).toEqual({ unexpected: 3 });
  });

  test('S9, 1.6: of strange sources only link-local ones pass', () => {
    const server = makeServer();
    for (const source of ['::', '::1', 'ff02::1', 'fec0::1', '::192.0.2.1', 'fe80::1'])
      receive(server, RELAY, bubble(source, A), 0);
    expect(pollDatagrams(server).map(({ endpoint }) => endpoint)).toEqual([MAPPED_A]);
    expect(drops(server)).toMatchObject({ 'address scope': 5 });
  });

  test('SRV-18: nothing to an address that is not global', () => {
    const server = makeServer();
    for (const to of ['fe80::1', 'ff02::1', 'ff0e::1', '::', '::1']) receive(server, MAPPED_A, bubble(A, to), 0);
    expect(pollDatagrams(server)).toEqual([]);
  });

  test('SRV-20, S3, SEC-01, SEC-03, SEC-07: never to what is not global unicast, to ourselves or to a directed broadcast', () => {
    const server = makeServer();
    server.setLocalNetworks([network(S1!, 24), network('198.18.7.7', 16)]);
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
      '203.0.113.255',
      '198.18.255.255',
      S1,
      S2,
      '198.18.7.7',
    ];
    for (const address of refused) {
      for (const port of [1, 3544, 5000]) {
        receive(server, RELAY, bubble(NATIVE, teredoAddress(S1!, `${address}:${port}`)), 0);
        receive(server, MAPPED_A, bubble(A, teredoAddress('198.51.100.1', `${address}:${port}`)), 0);
      }
    }
    receive(server, RELAY, bubble(NATIVE, teredoAddress(S1!, '198.51.100.20:0')), 0);
    expect(pollDatagrams(server)).toEqual([]);
  });

  test('SEC-02: by default 100.64.0.0/10, documentation ranges and 240.0.0.0/4 pass', () => {
    const server = makeServer();
    for (const address of ['100.64.0.1', '192.0.2.1', '198.51.100.1', '240.0.0.1']) {
      receive(server, RELAY, bubble(NATIVE, teredoAddress(S1!, `${address}:4000`)), 0);
      expect(pollDatagrams(server).map(({ endpoint }) => endpoint)).toEqual([`${address}:4000`]);
    }
  });

  test('S4, SRV-25, SEC-07: no variant of a bubble to the server itself makes it send anything', () => {
    const sources: [string, Uint8Array][] = [SERVER, SERVER2, RELAY].flatMap((from): [string, Uint8Array][] => [
      [from, teredoAddress(S1!, from)],
      [from, Uint8Array.from(solicitation().subarray(8, 24))],
    ]);
    let variants = 0;
    for (const [from, source] of sources) {
      for (const to of [SERVER, SERVER2]) {
        const inner = bubble(source, teredoAddress(S1!, to));
        for (const bytes of [inner, withAuthentication(inner), withOrigin(from, inner)]) {
          for (const via of [0, 1]) {
            const server = makeServer();
            receive(server, from, bytes, 0, via);
            expect(pollDatagrams(server)).toEqual([]);
            variants++;
          }
        }
      }
    }
    expect(variants).toBeGreaterThanOrEqual(24);
  });

  test('S3, SEC-14: one IPv4 address is sent 100 bubbles a second, 200 at once, whoever pays', () => {
    const server = makeServer();
    let sent = 0;
    for (let i = 0; i < 10_000; i++) {
      const from = `192.0.2.${i % 250}:${3000 + (i % 1000)}`;
      receive(server, from, bubble(teredoAddress(S1!, from), teredoAddress(S1!, `198.51.100.20:${1 + i}`)), i / 10);
      sent += pollDatagrams(server).length;
    }
    expect(sent).toBeLessThanOrEqual(200 + 100 + 1);
    expect(sent).toBeGreaterThanOrEqual(200);
  });
});

describe('RFC 4380 §5.3.1: packets to the IPv6 Internet', () => {
  test('SRV-19, E10, S6: a client’s connectivity test goes out, without trailers, its hop limit lowered by one', () => {
    const server = makeServer();
    const expected = hex(E10);
    expected[7]!--;
    expect(receive(server, MAPPED_A, hex(E10), 0)).toEqual([expected]);
    expect(receive(server, MAPPED_A, join(hex(E10), hex('0104deadbeef')), 0)).toEqual([expected]);
    expect(pollDatagrams(server)).toEqual([]);
  });

  test('S6: hop limits 0 and 1 end here', () => {
    const server = makeServer();
    for (const hopLimit of [0, 1])
      expect(receive(server, MAPPED_A, echoRequest(A, NATIVE, hex('00'), hopLimit), 0)).toEqual([]);
  });

  test('SRV-04, SRV-23, M-4, S6, 1.6: echo of up to 88 octets and bubbles to clients; nothing else', () => {
    const server = makeServer();
    const passed: number[] = [];
    for (let data = 0; data <= 1232; data++) {
      if (receive(server, MAPPED_A, echoRequest(A, NATIVE, new Uint8Array(data)), 1000 * data).length > 0)
        passed.push(data);
    }
    expect(passed).toEqual(Array.from({ length: 81 }, (_, data) => data));
    const reply = echo(129, A, NATIVE, hex('00'));
    expect(receive(server, MAPPED_A, reply, 2e6)).toHaveLength(1);
    const refused = [
      packet(A, NATIVE),
      packet(A, B),
      bubble(A, NATIVE),
      icmp(A, NATIVE, hex('0100000000000000')),
      packet(A, B, { next: 59, payload: new Uint8Array(1200) }),
      packet(A, NATIVE, { next: 58, payload: hex('8000') }),
      packet(NATIVE, A),
    ];
    for (const bytes of refused) expect(receive(server, MAPPED_A, bytes, 3e6)).toEqual([]);
    expect(pollDatagrams(server)).toEqual([]);
  });

  test('SRV-09: only clients send there, and from their own mapping', () => {
    const server = makeServer();
    expect(receive(server, VICTIM, echoRequest(A, NATIVE), 0)).toEqual([]);
    expect(receive(server, VICTIM, echoRequest('2001:db8::9', NATIVE), 0)).toEqual([]);
    expect(receive(server, VICTIM, echoRequest('fe80::9', NATIVE), 0)).toEqual([]);
  });

  test('S6: 100 a second from one client, 200 at once', () => {
    const server = makeServer();
    let passed = 0;
    for (let i = 0; i < 10_000; i++) passed += receive(server, MAPPED_A, hex(E10), i / 10).length;
    expect(passed).toBeLessThanOrEqual(301);
    expect(passed).toBeGreaterThanOrEqual(200);
  });

  test('§5.3: nothing comes in from there', () => {
    expect(transmit(makeServer(), packet(NATIVE, A), 0)).toEqual([]);
  });
});

describe('SRV-03, S7: header games are answered by silence', () => {
  const games: Uint8Array[] = [
    ...['00', '6000', '0000', '0001', '00010000', '0001ffff', '0001ff00', '000100ff'].map(hex),
    new Uint8Array(0),
    hex('0001 00 00 0102030405060708 00'), // an authentication header and nothing behind it
    hex('0001 00 00 0102030405060708 00 00'),
    hex('0001 00 00 0102030405060708 00 0000 63be 3ffffd'),
    join(hex('0001 ff ff'), new Uint8Array(519)),
    join(hex('0001 ff ff'), new Uint8Array(518)),
    join(hex('0001 ff ff'), new Uint8Array(520)),
    hex('0000 63be 3ffffdd2'),
    withOrigin(MAPPED_A, withAuthentication(solicitation())),
    withAuthentication(withAuthentication(solicitation())),
    withOrigin(MAPPED_A, withOrigin(MAPPED_A, solicitation())),
    solicitation().subarray(0, 1),
    solicitation().subarray(0, 39),
    solicitation().subarray(0, 47),
    hex(E5).subarray(0, 39),
    changed(solicitation(), 0, 0x40),
    changed(solicitation(), 4, 0xff, 0xff),
    changed(hex(E5), 4, 0x00, 0x01),
    hex('4500001400000000400100000a0000010a000002'),
    hex('0000 8400 0000 0001 0000 0000 055f 7464 7004 5f75 6470 056c 6f63 616c 0000'), // mDNS: 1.5, Zeek #2658
    hex('0001 0100 0001 0000 0000 0000 0377 7777 0765 7861 6d70 6c65 0363 6f6d 0000 0100 01'), // DNS with identifier 1
    hex('6001 0100 0001 0000 0000 0000 0377 7777 0765 7861 6d70 6c65 0363 6f6d 0000 0100 01'), // and with 0x6001
  ];

  test.each(games.map((bytes) => [hexOf(bytes).slice(0, 40), bytes.length, bytes] as const))(
    '%s... (%i octets)',
    (_hex, _length, bytes) => {
      const server = makeServer();
      expect(receive(server, MAPPED_A, bytes, 0)).toEqual([]);
      expect(pollDatagrams(server)).toEqual([]);
      expect(Object.values(drops(server))).toEqual([1]);
    },
  );

  test('every datagram of the ledger, cut at every length', () => {
    const server = makeServer();
    for (const example of [E1, E1C, E5, E6, E10, XP_RS, MIREDO_BUBBLE]) {
      const whole = hex(example);
      const packetEnd = example === E6 ? 40 : whole.length;
      for (let length = 0; length < packetEnd; length++) {
        expect(receive(server, MAPPED_A, whole.subarray(0, length), 0)).toEqual([]);
        expect(pollDatagrams(server)).toEqual([]);
      }
    }
  });
});

function changed(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

function ipv4(a: number, b: number, c: number, d: number): number {
  return (a << 24) | (b << 16) | (c << 8) | d;
}
