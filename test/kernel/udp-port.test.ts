import { afterAll, beforeAll, expect, test } from 'vitest';
import { Batch } from '../../src/batch/batch.ts';
import { Counter, PortCounters } from '../../src/io/counters.ts';
import { Arena } from '../../src/io/linux/arena.ts';
import { checksumOf } from '../../src/io/linux/checksum.ts';
import { errorName } from '../../src/io/linux/errno.ts';
import { Poller } from '../../src/io/linux/poller.ts';
import { SlotBuffers } from '../../src/io/linux/slot-buffers.ts';
import type { SocketPlan } from '../../src/io/linux/socket.ts';
import { LinuxUdpPort } from '../../src/io/linux/udp-port.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { parseIpv4 } from '../../src/wire/text.ts';
import { describeWith } from '../support/capabilities.ts';
import { inside } from '../support/inside.ts';

const LEFT = ipv4('192.0.2.1');
const RIGHT = ipv4('192.0.2.2');
const GROUP = ipv4('224.0.0.253');

describeWith(['root', 'network namespaces', 'nftables'], 'the UDP port on a real cable', () => {
  const network = new Network();
  let left: Namespace;
  let right: Namespace;
  const opened: Host[] = [];

  beforeAll(async () => {
    left = await network.add('left');
    right = await network.add('right');
    await network.cable(left, 'eth', right, 'eth');
    await left.ip('address add 192.0.2.1/24 dev eth', 'route add default dev eth');
    await right.ip('address add 192.0.2.2/24 dev eth', 'route add default dev eth');
  });
  afterAll(async () => {
    for (const host of opened) host.close();
    await network.close();
  });

  function host(namespace: Namespace, plans: readonly SocketPlan[], openAtStart = plans.map((_, via) => via)): Host {
    const made = inside(namespace, () => new Host(plans, openAtStart));
    opened.push(made);
    return made;
  }

  test('batches go both ways with their other end, and empty slots stay behind', () => {
    const a = host(left, [plan(LEFT, 4001)]);
    const b = host(right, [plan(0, 4002)]);
    a.out.clear();
    for (let index = 0; index < 40; index++) a.out.push(datagram(index), RIGHT, 4002);
    a.out.length[7] = 0;
    a.port.write(a.out);

    const received = b.receive(39);
    expect(received.map(({ text }) => text)).toEqual(
      Array.from({ length: 40 }, (_, index) => `datagram ${index}`).filter((_, index) => index !== 7),
    );
    expect(new Set(received.map(({ from }) => from))).toEqual(new Set([`${LEFT}:4001 via 0`]));
    expect(a.counters.get(Counter.DatagramsSent)).toBe(39);
    expect(b.counters.get(Counter.DatagramsReceived)).toBe(39);

    // Back from where they lie, as a role would do it: nothing is copied.
    b.batch.clear();
    a.send('back', RIGHT, 4002);
    b.poller.wait(1_000);
    b.port.read(b.batch);
    b.port.write(b.batch);
    expect(a.receive(1).map(({ text }) => text)).toEqual(['back']);
  });

  test('ledger W-12: the DF bit is clear, and a datagram of 65,507 octets passes whole', async () => {
    await right.nft(`table ip df {
      chain in {
        type filter hook prerouting priority -500
        ip frag-off & 0x4000 != 0 drop
      }
    }`);
    const a = host(left, [plan(0, 4003)]);
    const b = host(right, [plan(0, 4004)]);
    const large = new Uint8Array(65_507).map((_, index) => index % 251);
    a.out.clear();
    a.out.push(large, RIGHT, 4004);
    a.port.write(a.out);
    b.batch.clear();
    b.poller.wait(1_000);
    b.port.read(b.batch);
    expect(b.batch.packet(0)).toEqual(large);
    a.send('small', RIGHT, 4004);
    expect(b.receive(1).map(({ text }) => text)).toEqual(['small']);
    await right.nft('delete table ip df');
  });

  test('port 0 never reaches the kernel, and what the kernel refuses costs no other datagram its way', () => {
    const a = host(left, [plan(0, 4005)]);
    const b = host(right, [plan(0, 4006)]);
    a.out.clear();
    a.out.push(datagram(1), RIGHT, 0);
    a.out.push(datagram(2), ipv4('192.0.2.255'), 4006); // EACCES: a broadcast
    a.out.push(datagram(3), RIGHT, 4006);
    a.port.write(a.out);
    expect(b.receive(1).map(({ text }) => text)).toEqual(['datagram 3']);
    expect(a.counters.get(Counter.DatagramsRefused)).toBe(1);
    expect([...a.counters.errors()].map(([number, count]) => [errorName(number), count])).toEqual([['EACCES', 1]]);
  });

  test('local sockets are told apart by via, open when asked for and close again', () => {
    const a = host(left, [plan(0, 4007), plan(0, 0)], [0]);
    const b = host(right, [plan(0, 4008)]);
    expect(a.port.localPort(1)).toBe(0);
    inside(left, () => a.port.setOpen(1, true));
    const second = a.port.localPort(1);
    expect(second).toBeGreaterThan(0);
    a.send('from the second', RIGHT, 4008, 1);
    expect(b.receive(1)[0]?.from).toBe(`${LEFT}:${second} via 0`);
    b.send('to the second', LEFT, second);
    expect(a.receive(1)[0]?.from).toBe(`${RIGHT}:4008 via 1`);
    a.port.setOpen(1, false);
    a.send('closed', RIGHT, 4008, 1);
    expect(a.counters.get(Counter.DatagramsRefused)).toBe(1);
  });

  test('RFC 4380 §5.2.8: the discovery socket hears the group and no unicast; a sender does not hear itself', () => {
    const discovery = { ipv4: GROUP, port: 3544, group: GROUP, name: 'discovery' };
    const a = host(left, [plan(0, 4009), plan(0, 0), discovery]);
    const b = host(right, [plan(0, 4010), plan(0, 0), discovery]);
    a.send('to all', GROUP, 3544);
    a.send('to one', RIGHT, 3544);
    a.send('end', RIGHT, 4010);
    expect(b.receive(2).sort((x, y) => x.text.localeCompare(y.text))).toEqual([
      { text: 'end', from: `${LEFT}:4009 via 0` },
      { text: 'to all', from: `${LEFT}:4009 via 2` },
    ]);
    expect(a.receive(0)).toEqual([]);
  });

  test('a port that is taken and an address that is not ours are named, with the reason', () => {
    host(left, [plan(0, 4011)]);
    expect(() => host(left, [plan(0, 4011)])).toThrow(/--port 4011: UDP port 4011 is taken \(EADDRINUSE\)/);
    expect(() => host(left, [{ ...plan(RIGHT, 4012), name: '--address 192.0.2.2' }])).toThrow(
      /--address 192.0.2.2: this host does not have that address \(EADDRNOTAVAIL\)/,
    );
  });

  test('a run of equal datagrams crosses the kernel as one, and comes in datagram by datagram', async () => {
    const a = host(left, [plan(0, 4014)]);
    const b = host(right, [plan(0, 4015)]);
    const frames = async () =>
      (await right.ask<{ stats64: { rx: { packets: number } } }[]>('-s', 'link', 'show', 'eth'))[0]!.stats64.rx.packets;
    const before = await frames();
    const sent = Array.from({ length: 150 }, (_, index) => `datagram ${1_000 + index}`);
    a.sendAll([...sent, 'short'], RIGHT, 4015);
    // The batch has room for 64.
    const counts: number[] = [];
    const found: string[] = [];
    b.poller.wait(1_000);
    do {
      b.batch.clear();
      b.port.read(b.batch);
      counts.push(b.batch.count);
      for (let slot = 0; slot < b.batch.count; slot++) found.push(new TextDecoder().decode(b.batch.packet(slot)));
    } while (b.batch.count === b.batch.slots);
    expect(found).toEqual([...sent, 'short']);
    expect(counts).toEqual([64, 64, 23]);
    expect((await frames()) - before).toBe(3);
  });

  test('datagrams to several peers share a call, and keep their order for each', () => {
    const a = host(left, [plan(0, 4016)]);
    const [b, c] = [host(right, [plan(0, 4017)]), host(right, [plan(0, 4018)])];
    a.out.clear();
    for (let index = 0; index < 30; index++) {
      a.out.push(new Uint8Array(index % 7 === 6 ? 9 : 8).fill(index), RIGHT, index % 3 === 0 ? 4018 : 4017);
    }
    a.port.write(a.out);
    const numbers = (count: number, of: Host) => of.receive(count).map(({ text }) => text.charCodeAt(0));
    const all = Array.from({ length: 30 }, (_, index) => index);
    expect(numbers(20, b)).toEqual(all.filter((index) => index % 3 !== 0));
    expect(numbers(10, c)).toEqual(all.filter((index) => index % 3 === 0));
  });

  test('datagrams larger than the MTU of the way go one by one, in fragments; none is lost', async () => {
    const a = host(left, [plan(0, 4019)]);
    const b = host(right, [plan(0, 4020)]);
    await left.ip('link set eth mtu 1280');
    const sent = Array.from({ length: 20 }, (_, index) => String.fromCharCode(97 + index).repeat(1_400));
    for (let round = 0; round < 2; round++) {
      a.sendAll(sent, RIGHT, 4020);
      expect(b.receive(20).map(({ text }) => text)).toEqual(sent);
    }
    expect(a.counters.errors().size).toBe(0);
    expect(a.counters.get(Counter.DatagramsSent)).toBe(40);
    await left.ip('link set eth mtu 1500');
  });

  test('RFC 6040 §4.2: a mark of congestion on the way reaches the packet inside, or ends one that cannot bear it', async () => {
    await left.nft(
      'table ip marks { chain out { type filter hook output priority 0; udp dport 4022 ip ecn set ce; }; }',
    );
    const a = host(left, [plan(0, 4021)]);
    const b = host(right, [plan(0, 4022)]);
    const packets = [0x60_00, 0x60_20, 0x60_10, 0x60_20].map((start) =>
      Uint8Array.of(start >> 8, start & 0xff, ...Array(60).fill(7)),
    );
    a.out.clear();
    for (const packet of packets) a.out.push(packet, RIGHT, 4022);
    a.port.write(a.out);
    b.batch.clear();
    b.poller.wait(1_000);
    b.port.read(b.batch);
    expect([0, 1, 2].map((slot) => b.batch.packet(slot)[1])).toEqual([0x30, 0x30, 0x30]);
    expect(b.batch.count).toBe(3);
    expect(b.counters.get(Counter.DatagramsCongested)).toBe(1);
    await left.nft('delete table ip marks');
  });

  test('buffers for one datagram each: no runs are asked for, and what is longer is dropped, not cut', () => {
    const a = host(left, [plan(LEFT, 4091)]);
    const b = inside(right, () => new Host([plan(0, 4092)], [0], 256));
    opened.push(b);
    expect(a.port.offloads).toContain('gro');
    expect(b.port.offloads).not.toContain('gro');
    const lengths = [256, 257, 255, 1200, 1];
    a.sendAll(
      lengths.map((length) => 'x'.repeat(length)),
      RIGHT,
      4092,
    );
    expect(b.receive(3).map(({ text }) => text.length)).toEqual([256, 255, 1]);
    expect([...b.counters.errors()].map(([number, count]) => [errorName(number), count])).toEqual([['EMSGSIZE', 2]]);
  });

  test('the receive buffer is what was asked for, and said so', () => {
    const a = host(left, [plan(0, 4013)]);
    expect(a.port.receiveBuffer(0)).toBeGreaterThanOrEqual(8 << 20);
  });
});

class Host {
  readonly arena = new Arena(8 << 20);
  readonly poller = new Poller(this.arena);
  readonly counters = new PortCounters();
  readonly batch: Batch;
  readonly out: Batch;
  readonly port: LinuxUdpPort;

  constructor(plans: readonly SocketPlan[], openAtStart: readonly number[], capacity?: number) {
    const buffers = new SlotBuffers(this.arena, 64, capacity);
    const home = this.arena.take(1 << 18);
    this.batch = new Batch(64, this.arena.bytes, 0, 0);
    this.out = new Batch(256, this.arena.bytes, home, home + (1 << 18));
    this.port = new LinuxUdpPort({
      arena: this.arena,
      buffers,
      poller: this.poller,
      counters: this.counters,
      checksum: checksumOf(this.arena),
      plans,
      openAtStart,
      onTrouble: (_via, error) => {
        throw error;
      },
    });
  }

  send(text: string, to: number, port: number, via = 0): void {
    this.out.clear();
    this.out.push(new TextEncoder().encode(text), to, port, via);
    this.port.write(this.out);
  }

  sendAll(texts: readonly string[], to: number, port: number): void {
    this.out.clear();
    for (const text of texts) expect(this.out.push(new TextEncoder().encode(text), to, port)).toBeGreaterThanOrEqual(0);
    this.port.write(this.out);
  }

  /** Reads until `count` datagrams came or a second has passed without one. */
  receive(count: number): { text: string; from: string }[] {
    const found: { text: string; from: string }[] = [];
    for (let idle = 0; found.length < count && idle < 2; idle++) {
      this.poller.wait(count === 0 ? 0 : 1_000);
      this.batch.clear();
      this.port.read(this.batch);
      const { batch } = this;
      if (batch.count > 0) idle = 0;
      for (let slot = 0; slot < batch.count; slot++) {
        const text = new TextDecoder().decode(batch.packet(slot));
        found.push({ text, from: `${batch.ipv4[slot]}:${batch.port[slot]} via ${batch.via[slot]}` });
      }
    }
    return found;
  }

  close(): void {
    this.port.close();
    this.poller.close();
  }
}

function plan(address: number, port: number): SocketPlan {
  return { ipv4: address, port, name: `--port ${port}` };
}

function datagram(index: number): Uint8Array {
  return new TextEncoder().encode(`datagram ${index}`);
}

function ipv4(text: string): number {
  return parseIpv4(text)!;
}
