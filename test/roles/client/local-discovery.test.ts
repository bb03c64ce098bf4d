import { describe, expect, test } from 'vitest';
import { noExtensions } from '../../../src/roles/client/extensions/extensions.ts';
import { E11 } from '../../wire/examples.ts';
import { bubble, hexOf, join, packet, teredoAddress, withOrigin } from '../packets.ts';
import { A, MAPPED_A, network, qualifiedClient, qualify, runUntil, type SceneClient, sentences } from '../scene.ts';
import { drops, hex, ip6, makeClient, pollDatagrams, pollEvents, receive, seededRandom, transmit } from '../support.ts';

const GROUP = '224.0.0.253:3544';
const HERE = '192.168.1.10';
/** A neighbour behind the same NAT. */
const NEIGHBOUR_AT = '192.168.1.20:40500';
const NEIGHBOUR_MAPPED = '192.0.2.45:40500';
const NEIGHBOUR = teredoAddress('203.0.113.1', NEIGHBOUR_MAPPED);
const HELLO = bubble(NEIGHBOUR, 'ff02::1', 1);
const ANSWER = `bubble ${A} > 2001:0:cb00:7101:0:61cb:3fff:fdd2 to ${NEIGHBOUR_AT}`;

describe('RFC 4380 §5.2.8: discovery bubbles of ours', () => {
  test('W-16, CLI-121, E11: one at once, octet for octet, from the service port to 224.0.0.253:3544', () => {
    const client = makeClient({ localDiscovery: true }, { uint32: () => 0x18a5 });
    client.start(0);
    qualify(client, 0);
    expect(pollDatagrams(client)).toEqual([{ endpoint: GROUP, via: 0, bytes: hex(E11) }]);
    expect(pollEvents(client)).toContainEqual({ type: 'socket', via: 2, open: true }); // CLI-120
  });

  test('CLI-121: then at random, 200 to 300 s apart', () => {
    const client = makeClient({ localDiscovery: true, refreshIntervalMs: 1e9 }, seededRandom(5));
    client.start(0);
    qualify(client, 0);
    pollDatagrams(client);
    const at = runUntil(client, 6e7)
      .filter((line) => line.includes(GROUP))
      .map((line) => Number.parseFloat(line));
    const between = at.slice(1).map((now, i) => (now - at[i]!) / 1000);
    expect(between.length).toBeGreaterThan(200);
    expect(Math.min(...between)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...between)).toBeLessThanOrEqual(300);
    expect(between.filter((s) => s < 250).length / between.length).toBeCloseTo(0.5, 0);
  });

  test('CLI-120: none without the option, and none while the client has no address', () => {
    const { client } = qualifiedClient({ localDiscovery: false });
    expect(runUntil(client, 10_000_000).filter((line) => line.includes(GROUP))).toEqual([]);
    const other = neighbours();
    other.client.stop(10);
    expect(pollEvents(other.client)).toContainEqual({ type: 'socket', via: 2, open: false });
    expect(runUntil(other.client, 1e9)).toEqual([]);
  });
});

describe('RFC 4380 §5.2.8, §5.2.3 (4): discovery bubbles of others', () => {
  test('CLI-67, CLI-125: a neighbour is remembered, not trusted, and answered by a unicast bubble where it is', () => {
    const { client } = neighbours();
    hello(client, 100);
    expect(sentences(client)).toEqual([ANSWER]);
    const peer = client.peers.find(NEIGHBOUR, 0);
    expect([client.peers.trusted[peer], client.peers.local[peer], client.peers.bubbles[peer]]).toEqual([0, 1, 1]);
    expect(client.peers.lastReceptionAt[peer]).toBe(100);
    expect(drops(client)).toMatchObject({ consumed: 3 });
  });

  test('CLI-68, case 5: its bubble from there makes it trusted, and packets go there; CLI-126', () => {
    const { client } = neighbours();
    hello(client, 100);
    pollDatagrams(client);
    expect(receive(client, NEIGHBOUR_AT, bubble(NEIGHBOUR, A), 200)).toEqual([]);
    expect(transmit(client, packet(A, NEIGHBOUR), 300)).toMatchObject([{ endpoint: NEIGHBOUR_AT, via: 0 }]);
    const data = packet(NEIGHBOUR, A);
    expect(receive(client, NEIGHBOUR_AT, data, 400)).toEqual([data]);
  });

  test('CLI-43, case 3 of §5.2.4: a packet waits for a unicast bubble and one by multicast; the answer lets it go', () => {
    const { client } = neighbours();
    hello(client, 0);
    pollDatagrams(client);
    const data = packet(A, NEIGHBOUR);
    expect(transmit(client, data, 5000)).toEqual([]);
    const [unicast, multicast] = pollDatagrams(client);
    expect([unicast?.endpoint, multicast?.endpoint]).toEqual([NEIGHBOUR_AT, GROUP]);
    expect(hexOf(multicast?.bytes)).toBe(hexOf(hex(E11)));
    receive(client, NEIGHBOUR_AT, bubble(NEIGHBOUR, A), 5100);
    expect(pollDatagrams(client)).toEqual([{ endpoint: NEIGHBOUR_AT, via: 0, bytes: data }]);
  });

  test('EXT-12, RFC 6081 §5.2.4.2: a neighbour whose nonce we have gets it back from us on the link', () => {
    const { client } = neighbours(undefined, undefined, { ...noExtensions, symmetricNat: true });
    const asks = withOrigin(NEIGHBOUR_MAPPED, join(bubble(NEIGHBOUR, A), hex('0104 deadbeef')));
    receive(client, '203.0.113.1:3544', asks, 100);
    pollDatagrams(client);
    hello(client, 3_000);
    const [answer] = pollDatagrams(client);
    expect(answer?.endpoint).toBe(NEIGHBOUR_AT);
    expect(hexOf(answer?.bytes.subarray(40))).toBe(hexOf(hex('0104 deadbeef')));
    transmit(client, packet(A, NEIGHBOUR), 6_000);
    const [unicast] = pollDatagrams(client);
    expect(unicast?.endpoint).toBe(NEIGHBOUR_AT);
    expect(hexOf(unicast?.bytes.subarray(40))).toBe(hexOf(hex('0104 deadbeef')));
  });

  test('CLI-43: after 600 s without a word it is a peer like any other', () => {
    const { client } = neighbours();
    hello(client, 0);
    pollDatagrams(client);
    transmit(client, packet(A, NEIGHBOUR), 599_000);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([NEIGHBOUR_AT, GROUP]);
    const later = neighbours().client;
    hello(later, 0);
    pollDatagrams(later);
    transmit(later, packet(A, NEIGHBOUR), 600_000);
    expect(pollDatagrams(later).map(({ endpoint }) => endpoint)).toEqual([NEIGHBOUR_MAPPED, '203.0.113.1:3544']);
  });

  test('CLI-125: a trusted peer stays trusted where it is; its local address is noted for later', () => {
    const { client } = neighbours();
    receive(client, NEIGHBOUR_MAPPED, packet(NEIGHBOUR, A), 0); // through a NAT that turns packets round
    hello(client, 100);
    expect(sentences(client)).toEqual([ANSWER]);
    expect(transmit(client, packet(A, NEIGHBOUR), 200)).toMatchObject([{ endpoint: NEIGHBOUR_MAPPED }]);
    transmit(client, packet(A, NEIGHBOUR), 40_000);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([NEIGHBOUR_AT, GROUP]);
    receive(client, NEIGHBOUR_AT, bubble(NEIGHBOUR, A), 40_100);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([NEIGHBOUR_AT]);
  });

  test('§5.2.8: a neighbour that left the link is reached by its mapping once it has been heard from there', () => {
    const { client } = neighbours();
    hello(client, 0);
    receive(client, NEIGHBOUR_AT, bubble(NEIGHBOUR, A), 10);
    receive(client, NEIGHBOUR_MAPPED, bubble(NEIGHBOUR, A), 20_000);
    pollDatagrams(client);
    transmit(client, packet(A, NEIGHBOUR), 60_000);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([NEIGHBOUR_MAPPED, '203.0.113.1:3544']);
  });

  test('CLI-122: the same bubble by unicast is discarded', () => {
    const { client } = neighbours();
    receive(client, NEIGHBOUR_AT, HELLO, 100);
    expect(sentences(client)).toEqual([]);
    expect(client.peers.size).toBe(0);
    expect(drops(client)).toMatchObject({ discovery: 1 });
  });

  test('CLI-123, CLI-124: not from our link, not Teredo, not behind our NAT, not a discovery bubble, not one host', () => {
    const behindAnother = teredoAddress('203.0.113.1', '192.0.2.46:40500');
    const { client } = neighbours();
    const wrong: [string, Uint8Array][] = [
      ['192.168.2.20:40500', HELLO],
      ['203.0.113.99:40500', HELLO],
      ['127.0.0.1:40500', HELLO],
      ['0.0.0.0:40500', HELLO],
      ['224.0.0.253:40500', HELLO],
      ['255.255.255.255:40500', HELLO],
      [`${HERE}:40001`, HELLO],
      ['192.168.1.255:40500', HELLO],
      ['192.168.1.20:0', HELLO],
      [NEIGHBOUR_AT, bubble('fe80::1', 'ff02::1', 1)],
      [NEIGHBOUR_AT, bubble('2001:db8::1', 'ff02::1', 1)],
      [NEIGHBOUR_AT, bubble(behindAnother, 'ff02::1', 1)],
      [NEIGHBOUR_AT, bubble(A, 'ff02::1', 1)],
      [NEIGHBOUR_AT, bubble(NEIGHBOUR, A)],
      [NEIGHBOUR_AT, packet(NEIGHBOUR, A)],
      [NEIGHBOUR_AT, packet(NEIGHBOUR, 'ff02::1')],
    ];
    for (const [from, bytes] of wrong) expect(receive(client, from, bytes, 100, 2)).toEqual([]);
    expect(sentences(client)).toEqual([]);
    expect(client.peers.size).toBe(0);
    expect(drops(client)).toMatchObject({ discovery: wrong.length });
  });

  test('CLI-123: a loopback network, or one of prefix length 0, makes no neighbours of strange addresses', () => {
    const networks = [network('127.0.0.1', 8), network('192.168.1.10', 0)];
    const { client } = qualifiedClient({ localDiscovery: true }, { networks });
    for (const ipv4 of ['127.0.0.5', '0.0.0.7', '224.0.0.1', '239.9.9.9', '255.255.255.255']) {
      receive(client, `${ipv4}:40500`, HELLO, 100, 2);
    }
    expect(sentences(client)).toEqual([]);
  });

  test('SEC-06: the private endpoint of a neighbour is good for that neighbour only', () => {
    const { client } = neighbours();
    hello(client, 0);
    pollDatagrams(client);
    const stranger = teredoAddress('203.0.113.1', '198.51.100.9:4000');
    expect(receive(client, NEIGHBOUR_AT, packet(stranger, A), 100)).toEqual([]);
    expect(receive(client, '192.168.1.21:40500', packet(NEIGHBOUR, A), 100)).toEqual([]);
    expect(client.peers.trusted[client.peers.find(NEIGHBOUR, 0)]).toBe(0);
  });

  test('CLI-82, CLI-83, SEC-12: a neighbour that shouts is not shouted at', () => {
    const { client } = neighbours();
    let answers = 0;
    for (let now = 0; now < 300_000; now += 100) {
      hello(client, now);
      answers += sentences(client).filter((line) => line === ANSWER).length;
    }
    expect(answers).toBe(4);
    const flooded = neighbours().client;
    for (let flags = 0; flags < 5000; flags++) {
      receive(
        flooded,
        NEIGHBOUR_AT,
        bubble(teredoAddress('203.0.113.1', NEIGHBOUR_MAPPED, flags), 'ff02::1', 1),
        10,
        2,
      );
    }
    expect(flooded.peers.size).toBeLessThanOrEqual(20);
  });

  test('when the host leaves the network the neighbour is forgotten', () => {
    const { client } = neighbours();
    hello(client, 0);
    receive(client, NEIGHBOUR_AT, bubble(NEIGHBOUR, A), 10);
    pollDatagrams(client);
    client.setLocalNetworks([network('10.9.9.9', 8)]);
    expect(transmit(client, packet(A, NEIGHBOUR), 100)).toEqual([]);
    expect(pollDatagrams(client).map(({ endpoint }) => endpoint)).toEqual([NEIGHBOUR_MAPPED, '203.0.113.1:3544']);
  });

  test('RFC 4380 §5.2.8: two clients of one link find each other, whoever speaks first', () => {
    for (const first of [0, 1]) {
      const ends = [
        { at: `${HERE}:40001`, mapped: MAPPED_A, client: neighbours().client },
        { at: NEIGHBOUR_AT, mapped: NEIGHBOUR_MAPPED, client: neighbours(NEIGHBOUR_AT, NEIGHBOUR_MAPPED).client },
      ];
      if (first === 1) ends.reverse();
      const [one, two] = ends as [(typeof ends)[0], (typeof ends)[0]];
      receive(two.client, one.at, bubble(one.client.address!, 'ff02::1', 1), 0, 2);
      const exchange = (now: number) => {
        for (const [from, to] of [
          [one, two],
          [two, one],
        ] as const) {
          for (const { endpoint, bytes } of pollDatagrams(from.client)) {
            if (endpoint === GROUP) receive(to.client, from.at, bytes, now, 2);
            else if (endpoint === to.at) receive(to.client, from.at, bytes, now);
          }
        }
      };
      exchange(10);
      transmit(two.client, packet(two.client.address!, one.client.address!), 2500);
      for (const now of [2600, 2700, 2800, 2900]) exchange(now);
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        const sent = transmit(from.client, packet(from.client.address!, to.client.address!), 3000);
        expect(sent).toMatchObject([{ endpoint: to.at }]);
      }
      expect(ip6(A)).toHaveLength(16);
    }
  });
});

function neighbours(at = `${HERE}:40001`, mapped = MAPPED_A, extensions = noExtensions): SceneClient {
  const [ipv4, port] = at.split(':') as [string, string];
  const networks = [network(ipv4, 24)];
  return qualifiedClient({ localDiscovery: true, extensions }, { networks, mapped, localPort: Number(port) });
}

function hello(client: SceneClient['client'], now: number): void {
  receive(client, NEIGHBOUR_AT, HELLO, now, 2);
}
