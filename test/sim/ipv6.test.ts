import { describe, expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import { formatIpv6, parseIpv6 } from '../../src/wire/text.ts';

describe('native IPv6 hosts', () => {
  test('answer echo requests; a ping knows its round trips', () => {
    const world = new World({ seed: 1 });
    const a = world.addIpv6Host({ link: { delayMs: 10 } });
    const b = world.addIpv6Host({ link: { delayMs: 15 } });
    const ping = a.ping(b.ipv6Addresses[0]!, { count: 3, intervalMs: 100 });
    world.runFor(1_000);
    expect(ping.isAnswered).toBe(true);
    expect(ping.echoes.map(({ sentAt }) => sentAt)).toEqual([0, 100, 200]);
    expect(ping.roundTripsMs).toEqual([50, 50, 50]);
  });

  test('routers lower the hop limit, and a packet without hops left ends', () => {
    const world = new World({ seed: 1 });
    const [a, b] = [world.addIpv6Host({}), world.addIpv6Host({})];
    const arrived: number[] = [];
    b.onPacket = (packet) => arrived.push(packet[ipv6.HOP_LIMIT]!);
    for (const hopLimit of [64, 5, 4]) {
      const bytes = new Uint8Array(ipv6.LENGTH);
      ipv6.emitBubble(bytes, 0, hopLimit, a.ipv6Addresses[0]!, 0, b.ipv6Addresses[0]!, 0);
      a.sendPacket(bytes);
    }
    world.runFor(100);
    expect(arrived).toEqual([60, 1]);
    expect(reasons(world)).toEqual(['IPv6 Internet: hop limit is over']);
  });

  test('RFC 4443 §3.2: a packet that does not fit a link comes back as "packet too big"', () => {
    const world = new World({ seed: 1 });
    const a = world.addIpv6Host({});
    const b = world.addIpv6Host({ link: { mtu: 1_280 } });
    const ping = a.ping(b.ipv6Addresses[0]!, { size: 1_300 });
    world.runFor(100);
    expect(ping.answered).toBe(0);
    expect(ping.error).toEqual({ type: icmpv6.PACKET_TOO_BIG, code: 0 });
  });

  test('what has no destination ends with a reason', () => {
    const world = new World({ seed: 1 });
    const a = world.addIpv6Host({});
    a.ping(parseIpv6('2001:db8:dead::1')!);
    a.ping(parseIpv6('2001:0:cb00:7101::1')!);
    world.runFor(100);
    expect(reasons(world)).toEqual([
      'IPv6 Internet: no route to 2001:db8:dead::1',
      'IPv6 Internet: no relay announces 2001::/32',
    ]);
  });
});

describe('RFC 4380 §5.4: relays that announce 2001::/32', () => {
  test('each host reaches the nearest one; when that withdraws, the next; then none', () => {
    const world = new World({ seed: 1 });
    const near = world.addRelay({ name: 'near', ipv4: '192.0.2.1', metric: 5 });
    const far = world.addRelay({ name: 'far', ipv4: '192.0.2.2', metric: 9 });
    const usual = world.addIpv6Host({});
    const other = world.addIpv6Host({ behind: far });
    const client = parseIpv6('2001:0:c000:201:0:fff0:3fff:fdfe')!;
    const reached = () => {
      const first = world.trace.records.length;
      for (const host of [usual, other]) host.ping(client);
      world.runFor(1);
      return world.trace.records.slice(first).flatMap((record) => (record.type === 'crossing' ? [record.to] : []));
    };
    expect(reached()).toEqual(['near', 'far']);
    near.withdraw();
    expect(reached()).toEqual(['far', 'far']);
    far.withdraw();
    expect(reached()).toEqual(['', '']);
    near.announce();
    expect(reached()).toEqual(['near', 'near']);
  });

  test('ledger REL-16: what is larger than the MTU of the tunnel comes back as "packet too big"', () => {
    const world = new World({ seed: 1 });
    world.addRelay({ ipv4: '192.0.2.1' });
    const host = world.addIpv6Host({});
    const ping = host.ping(parseIpv6('2001:0:cb00:7101:0:fff0:3fff:fdfe')!, { size: 1_300 });
    world.runFor(100);
    expect(ping.error).toEqual({ type: icmpv6.PACKET_TOO_BIG, code: 0 });
  });
});

test('a name server answers AAAA questions over UDP through any NAT', () => {
  const world = new World({ seed: 1 });
  const host = world.addHost({ ipv4: '192.0.2.7' });
  const names = { 'ipv6.example': ['2001:db8::80', '192.0.2.80'], 'ipv4.example': ['192.0.2.81'] };
  const nameServer = world.addNameServer({ ipv4: '192.0.2.53', names });
  const lookups = ['ipv6.example', 'ipv4.example', 'nobody.example'].map((name) =>
    world.lookUp(host, nameServer, name),
  );
  world.runFor(100);
  expect(lookups.map(({ addresses }) => addresses?.map((address) => formatIpv6(address)))).toEqual([
    ['2001:db8::80'],
    [],
    [],
  ]);
});

test('a look-up is repeated when the answer is lost, and gives up in the end', () => {
  const world = new World({ seed: 1 });
  const host = world.addHost({ name: 'asker', ipv4: '192.0.2.7' });
  const nameServer = world.addNameServer({ ipv4: '192.0.2.53', names: { 'ipv6.example': ['2001:db8::80'] } });
  host.ipv4Link!.isUp = false;
  const late = world.lookUp(host, nameServer, 'ipv6.example');
  world.runFor(1_000);
  host.ipv4Link!.isUp = true;
  expect(world.runFor(2_000)).toEqual([
    'asker > name server: DNS query AAAA ipv6.example',
    'name server > asker: DNS answer AAAA ipv6.example: 2001:db8::80',
  ]);
  expect(late.addresses).toHaveLength(1);
  host.ipv4Link!.isUp = false;
  const never = world.lookUp(host, nameServer, 'ipv6.example');
  expect(world.runFor(60_000)).toHaveLength(4);
  expect(never.addresses).toBeUndefined();
});

test('an echo reply from somebody else answers no ping, nor does one with a wrong checksum', () => {
  const world = new World({ seed: 1 });
  const [a, b, liar] = [world.addIpv6Host({}), world.addIpv6Host({ link: { delayMs: 500 } }), world.addIpv6Host({})];
  const [own, target, false_] = [a, b, liar].map((host) => host.ipv6Addresses[0]!) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const ping = a.ping(target);
  const reply = (source: Uint8Array) => {
    const bytes = new Uint8Array(48);
    icmpv6.emitEcho(bytes, 0, icmpv6.ECHO_REPLY, 64, source, 0, own, 0, ping.identifier, 1, new Uint8Array(0));
    return bytes;
  };
  liar.sendPacket(reply(false_));
  const broken = reply(target);
  broken[42]! ^= 1;
  liar.sendPacket(broken);
  world.runFor(100);
  expect(ping.answered).toBe(0);
  expect(reasons(world)).toEqual(['native: wrong ICMPv6 checksum']);
  liar.sendPacket(reply(target));
  world.runFor(100);
  expect(ping.answered).toBe(1);
});

function reasons(world: World): string[] {
  return world.trace.records.flatMap((record) => (record.type === 'loss' ? [`${record.where}: ${record.reason}`] : []));
}
