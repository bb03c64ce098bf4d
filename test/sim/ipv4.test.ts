import { describe, expect, test } from 'vitest';
import type { Datagram } from '../../src/sim/datagram.ts';
import { ipv4Packet } from '../../src/sim/datagram.ts';
import type { Host } from '../../src/sim/host.ts';
import { coneNat, portRestrictedNat, symmetricNat } from '../../src/sim/nat-kinds.ts';
import { packetBytes } from '../../src/sim/trace.ts';
import { World } from '../../src/sim/world.ts';
import { readU16 } from '../../src/wire/bytes.ts';
import { formatEndpoint, parseIpv4 } from '../../src/wire/text.ts';

describe('a datagram between two hosts', () => {
  test('takes the delay of both links', () => {
    const { world, a, received } = pair({ delayMs: 7 }, { delayMs: 5 });
    send(a, '192.0.2.2');
    world.runFor(11.9);
    expect(received).toHaveLength(0);
    world.runFor(0.1);
    expect(received).toHaveLength(1);
  });

  test('ends with a reason that says why: link down, link MTU, no route, no socket', () => {
    const { world, a, b, received } = pair({ mtu: 100 });
    send(a, '192.0.2.2', 100 - 28 + 1);
    send(a, '192.0.2.99');
    send(a, '192.0.2.2', 10, 4_000);
    world.runFor(100);
    b.ipv4Link!.isUp = false;
    send(a, '192.0.2.2');
    world.runFor(100);
    expect(received).toHaveLength(0);
    expect(losses(world)).toEqual([
      'IPv4 Internet: link MTU: 101 octets, 100 fit',
      'IPv4 Internet: no route to 192.0.2.99',
      'b: no socket at 192.0.2.2:4000',
      'IPv4 Internet: link down',
    ]);
  });

  test('is lost as often as the link says, and doubled as often', () => {
    const { world, a, received } = pair({ loss: 0.25, duplicate: 0.1 });
    for (let i = 0; i < 4_000; i++) send(a, '192.0.2.2');
    world.runFor(1_000);
    const lost = losses(world).length / 4_000;
    expect(lost).toBeGreaterThan(0.22);
    expect(lost).toBeLessThan(0.28);
    const doubled = received.length / (4_000 - losses(world).length) - 1;
    expect(doubled).toBeGreaterThan(0.08);
    expect(doubled).toBeLessThan(0.12);
  });

  test('may overtake another one when the link has jitter', () => {
    const { world, a, received } = pair({ delayMs: 1, jitterMs: 50 });
    for (let i = 0; i < 50; i++) send(a, '192.0.2.2', i + 1);
    world.runFor(1_000);
    const lengths = received.map(({ payload }) => payload.length);
    expect(lengths.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(lengths).not.toEqual(lengths.toSorted((x, y) => x - y));
  });

  test('has right IPv4 and UDP checksums, also with a payload of odd length', () => {
    for (const length of [0, 1, 2, 33, 1_280]) {
      const payload = Uint8Array.from({ length }, (_, i) => (i * 37) & 0xff);
      const bytes = ipv4Packet({
        flight: 1,
        sender: 'a',
        source: ipv4('192.0.2.1'),
        sourcePort: 40_000,
        destination: ipv4('198.51.100.2'),
        destinationPort: 3_544,
        timeToLive: 64,
        identification: 7,
        payload,
      });
      expect(onesSum(bytes.subarray(0, 20))).toBe(0xffff);
      const pseudo = [...bytes.subarray(12, 20), 0, 17, (length + 8) >> 8, (length + 8) & 0xff];
      expect(onesSum(Uint8Array.of(...pseudo, ...bytes.subarray(20)))).toBe(0xffff);
    }
  });
});

describe('behind a NAT', () => {
  test('the outside sees the mapped endpoint, one hop less, and the answer comes back to the inside one', () => {
    const world = new World({ seed: 1 });
    const inside = world.addHost({ name: 'inside', behind: portRestrictedNat('198.51.100.1') });
    const outside = world.addHost({ name: 'outside', ipv4: '192.0.2.1' });
    const seen: Datagram[] = [];
    const answers: Datagram[] = [];
    const server = outside.openSocket({ port: 7 }, (datagram) => {
      seen.push(datagram);
      server.send(datagram.source, datagram.sourcePort, Uint8Array.of(2));
    });
    inside
      .openSocket({ port: 5_000 }, (datagram) => answers.push(datagram))
      .send(ipv4('192.0.2.1'), 7, Uint8Array.of(1));
    world.runFor(100);
    expect(seen.map(source)).toEqual(['198.51.100.1:5000']);
    expect(seen[0]!.timeToLive).toBe(63);
    expect(answers.map(destination)).toEqual(['192.168.1.10:5000']);
  });

  test('a NAT behind a NAT translates twice', () => {
    const world = new World({ seed: 1 });
    const outer = world.addNat(coneNat('198.51.100.1', { allocation: 'sequential', firstPort: 2_000 }));
    const inner = world.addNat(coneNat(undefined, { allocation: 'sequential', firstPort: 1_100 }), { behind: outer });
    const host = world.addHost({ behind: inner });
    const outside = world.addHost({ ipv4: '192.0.2.1' });
    const seen: Datagram[] = [];
    outside.openSocket({ port: 7 }, (datagram) => seen.push(datagram));
    host.openSocket({ port: 5_000 }, () => undefined).send(ipv4('192.0.2.1'), 7, Uint8Array.of(1));
    world.runFor(100);
    expect(seen.map(source)).toEqual(['198.51.100.1:2000']);
    const sources = world.trace.records.map((record) => (record.type === 'crossing' ? source(record.datagram!) : ''));
    expect(sources).toEqual(['192.168.2.10:5000', '192.168.1.10:1100', '198.51.100.1:2000']);
  });

  test.each([true, false])('RFC 4787 REQ-9: two inside hosts and hairpinning %s', (hairpinning) => {
    const world = new World({ seed: 1 });
    const nat = world.addNat(coneNat('198.51.100.1', { hairpinning }), { name: 'nat' });
    const [a, b] = [world.addHost({ behind: nat }), world.addHost({ behind: nat })];
    const outside = world.addHost({ ipv4: '192.0.2.1' });
    outside.openSocket({ port: 7 }, () => undefined);
    const received: Datagram[] = [];
    b.openSocket({ port: 6_000 }, (datagram) => received.push(datagram)).send(ipv4('192.0.2.1'), 7, Uint8Array.of(1));
    world.runFor(100);
    a.openSocket({ port: 5_000 }, () => undefined).send(ipv4('198.51.100.1'), 6_000, Uint8Array.of(2));
    world.runFor(100);
    // REQ-9a: the source is the external one.
    expect(received.map(source)).toEqual(hairpinning ? ['198.51.100.1:5000'] : []);
    expect(losses(world)).toEqual(hairpinning ? [] : ['nat: NAT: no hairpinning']);
  });

  test('224.0.0.253 reaches whoever joined on the same LAN, and nobody else', () => {
    const world = new World({ seed: 1 });
    const nat = world.addNat(coneNat('198.51.100.1'));
    const heard: string[] = [];
    const group = ipv4('224.0.0.253');
    for (const name of ['a', 'b', 'c']) {
      const host = world.addHost({ name, behind: nat });
      if (name !== 'c') host.openSocket({ port: 3_544, group }, () => heard.push(name));
      if (name === 'c') host.openSocket({ port: 5_000 }, () => undefined).send(group, 3_544, Uint8Array.of(1));
    }
    const elsewhere = world.addHost({ behind: coneNat('198.51.100.2') });
    elsewhere.openSocket({ port: 3_544, group }, () => heard.push('elsewhere'));
    world.runFor(100);
    expect(heard).toEqual(['a', 'b']);
    expect(world.trace.records.map((record) => (record.type === 'crossing' ? record.datagram?.timeToLive : 0))).toEqual(
      [1, 1],
    );
  });

  test('RFC 4380 §5.2.5: a reboot that changes the external address leaves the old one without a node', () => {
    const world = new World({ seed: 1 });
    const nat = world.addNat(coneNat('198.51.100.1'));
    const host = world.addHost({ behind: nat });
    const outside = world.addHost({ ipv4: '192.0.2.1' });
    const seen: Datagram[] = [];
    const server = outside.openSocket({ port: 7 }, (datagram) => seen.push(datagram));
    const socket = host.openSocket({ port: 5_000 }, () => undefined);
    socket.send(ipv4('192.0.2.1'), 7, Uint8Array.of(1));
    world.runFor(100);
    nat.reboot([ipv4('198.51.100.9')]);
    server.send(ipv4('198.51.100.1'), 5_000, Uint8Array.of(2));
    socket.send(ipv4('192.0.2.1'), 7, Uint8Array.of(1));
    world.runFor(100);
    expect(seen.map(source)).toEqual(['198.51.100.1:5000', '198.51.100.9:5000']);
    expect(losses(world)).toEqual(['IPv4 Internet: no route to 198.51.100.1']);
  });

  test('every drop at a NAT says which rule refused it', () => {
    const world = new World({ seed: 1 });
    const inside = world.addHost({ behind: symmetricNat('198.51.100.1') });
    const outside = world.addHost({ ipv4: '192.0.2.1' });
    const other = world.addHost({ ipv4: '192.0.2.2' });
    let mapped = 0;
    outside.openSocket({ port: 7 }, (datagram) => {
      mapped = datagram.sourcePort;
    });
    inside.openSocket({ port: 5_000 }, () => undefined).send(ipv4('192.0.2.1'), 7, Uint8Array.of(1));
    world.runFor(100);
    const stranger = other.openSocket({ port: 7 }, () => undefined);
    stranger.send(ipv4('198.51.100.1'), mapped, Uint8Array.of(2));
    stranger.send(ipv4('198.51.100.1'), mapped === 9_999 ? 9_998 : 9_999, Uint8Array.of(2));
    world.runFor(100);
    expect(losses(world)[0]).toMatch(/: NAT filter: endpoint not contacted$/);
    expect(losses(world)[1]).toMatch(/: NAT: no mapping for port 999\d$/);
  });
});

test('a world that is not traced records nothing', () => {
  const world = new World({ seed: 1, trace: false });
  const a = world.addHost({ ipv4: '192.0.2.1' });
  send(a, '192.0.2.99');
  expect(world.runFor(100)).toEqual([]);
  expect(world.trace.records).toEqual([]);
});

test('a saved crossing is the IPv4 packet as it lay on that wire', () => {
  const { world, a } = pair({});
  send(a, '192.0.2.2', 4);
  world.runFor(100);
  const [record] = world.trace.records;
  const bytes = record?.type === 'crossing' ? packetBytes(record) : new Uint8Array(0);
  expect(bytes).toHaveLength(32);
  expect([bytes[0], readU16(bytes, 2), bytes[8], bytes[9]]).toEqual([0x45, 32, 64, 17]);
});

type LinkOptions = NonNullable<Parameters<World['addHost']>[0]>['link'];

function pair(linkA: LinkOptions, linkB: LinkOptions = {}) {
  const world = new World({ seed: 1 });
  const a = world.addHost({ name: 'a', ipv4: '192.0.2.1', ...(linkA && { link: linkA }) });
  const b = world.addHost({ name: 'b', ipv4: '192.0.2.2', ...(linkB && { link: linkB }) });
  const received: Datagram[] = [];
  b.openSocket({ port: 7 }, (datagram) => received.push(datagram));
  return { world, a, b, received };
}

function send(host: Host, to: string, length = 10, port = 7): void {
  const socket = host.openSocket({}, () => undefined);
  socket.send(ipv4(to), port, new Uint8Array(length));
  socket.close();
}

function losses(world: World): string[] {
  return world.trace.records.flatMap((record) => (record.type === 'loss' ? [`${record.where}: ${record.reason}`] : []));
}

function source(datagram: Datagram): string {
  return formatEndpoint(datagram.source, datagram.sourcePort);
}

function destination(datagram: Datagram): string {
  return formatEndpoint(datagram.destination, datagram.destinationPort);
}

function ipv4(text: string): number {
  return parseIpv4(text)!;
}

/** RFC 1071 the plain way. */
function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
