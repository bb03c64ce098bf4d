import { afterAll, beforeAll, expect, test } from 'vitest';
import { Batch } from '../../src/batch/batch.ts';
import { Counter, PortCounters } from '../../src/io/counters.ts';
import { Arena } from '../../src/io/linux/arena.ts';
import { checksumOf } from '../../src/io/linux/checksum.ts';
import { errorName } from '../../src/io/linux/errno.ts';
import { NativePort } from '../../src/io/linux/native-port.ts';
import { Poller } from '../../src/io/linux/poller.ts';
import { SlotBuffers } from '../../src/io/linux/slot-buffers.ts';
import { LinuxTunPort } from '../../src/io/linux/tun-port.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith } from '../support/capabilities.ts';
import { inside } from '../support/inside.ts';

describeWith(['root', 'network namespaces', 'a TUN device', 'ping'], 'the IPv6 side of the ports', () => {
  const network = new Network();
  let host: Namespace;
  let native: Namespace;

  beforeAll(async () => {
    host = await network.add('host');
    native = await network.add('native');
    await network.cable(host, 'eth', native, 'eth');
    await host.ip('address add fe80::1/64 dev eth nodad', 'address add 2001:db8::1/64 dev eth nodad');
    await native.ip('address add 2001:db8::2/64 dev eth nodad', 'route add 2001::/32 dev eth');
  });
  afterAll(() => network.close());

  test('what the kernel sends to the TUN is read in batches, and what is written to it reaches the kernel', async () => {
    const tun = inside(host, () => new Tun('echo'));
    await host.ip('link set echo addrgenmode none mtu 1280 up', 'address add 2001:0:1::1/64 dev echo nodad');
    const ping = host.runToEnd(['ping', '-6', '-c', '20', '-i', '0.01', '-W', '5', '2001:0:1::2']);
    const ended = await until('the end of ping', async () => {
      tun.echo();
      return Promise.race([ping, undefined]);
    });
    expect(ended.stdout).toContain('20 received');
    expect(tun.counters.get(Counter.PacketsSent)).toBe(20);
    expect(tun.counters.errors().size).toBe(0);
    tun.close();
    expect(await host.ask<{ ifname: string }[]>('link')).not.toContainEqual(
      expect.objectContaining({ ifname: 'echo' }),
    );
  });

  test('a second opener, a name of another kind, a name too long: each is told what is wrong', () => {
    const tun = inside(host, () => new Tun('busy'));
    expect(() => inside(host, () => new Tun('busy'))).toThrow(
      /--interface busy: .*\(EBUSY\): another process holds it/,
    );
    expect(() => inside(host, () => new Tun('eth'))).toThrow(/--interface eth: .*\(EINVAL\)/);
    expect(() => inside(host, () => new Tun('sixteen-letters-'))).toThrow(/--interface sixteen-letters-: .*\(EINVAL\)/);
    tun.close();
  });

  test('an interface that somebody deletes ends the port instead of a loop without sleep', async () => {
    const tun = inside(host, () => new Tun('gone'));
    await host.ip('link delete gone');
    expect(() => {
      for (let turn = 0; turn < 10; turn++) tun.turn();
    }).toThrow(/interface gone was deleted/);
    tun.close();
  });

  test('a server without a TUN sends packets to native hosts by the routes of its host, source as it is', async () => {
    const arena = new Arena(1 << 18);
    const counters = new PortCounters();
    const port = inside(host, () => new NativePort(arena, 8, counters));
    const home = arena.take(1 << 16);
    const batch = new Batch(8, arena.bytes, home, home + (1 << 16));
    const listener = native.start(['tcpdump', '-n', '-l', '-i', 'eth', 'icmp6 and src net 2001::/32']);
    await listener.printed(/listening on/);
    batch.push(echoRequest('20010000cb00710100000000000000aa', '20010db8000000000000000000000002'));
    batch.push(new Uint8Array(39)); // Shorter than a header: never sent.
    batch.push(echoRequest('20010000cb00710100000000000000aa', '20010db8999900000000000000000001')); // No route.
    batch.push(echoRequest('20010000cb00710100000000000000bb', '20010db8000000000000000000000002'));
    port.write(batch);
    await listener.printed(/2001:0:cb00:7101::aa > 2001:db8::2: ICMP6, echo request/);
    await listener.printed(/2001:0:cb00:7101::bb > 2001:db8::2: ICMP6, echo request/);
    expect([...counters.errors()].map(([number, count]) => [errorName(number), count])).toEqual([['ENETUNREACH', 1]]);
    batch.clear();
    port.read(batch);
    expect(batch.count).toBe(0);
    port.close();
  });
});

class Tun {
  readonly arena = new Arena(8 << 20);
  readonly poller = new Poller(this.arena);
  readonly counters = new PortCounters();
  readonly batch: Batch;
  readonly port: LinuxTunPort;

  constructor(name: string) {
    const buffers = new SlotBuffers(this.arena, 32);
    this.batch = new Batch(32, this.arena.bytes, 0, 0);
    const { arena, poller, counters } = this;
    this.port = new LinuxTunPort({ arena, buffers, poller, counters, checksum: checksumOf(arena), name });
  }

  turn(): void {
    this.poller.wait(1);
    this.batch.clear();
    this.port.read(this.batch);
  }

  /** Turns echo requests into replies where they lie. */
  echo(): void {
    this.turn();
    const { bytes, start, length } = this.batch;
    for (let slot = 0; slot < this.batch.count; slot++) {
      const at = start[slot]!;
      if (bytes[at + 6] !== 58 || bytes[at + 40] !== 128) {
        length[slot] = 0;
        continue;
      }
      const source = bytes.slice(at + 8, at + 24);
      bytes.copyWithin(at + 8, at + 24, at + 40);
      bytes.set(source, at + 24);
      bytes[at + 40] = 129;
      writeChecksum(bytes.subarray(at, at + length[slot]!));
    }
    this.port.write(this.batch);
  }

  close(): void {
    this.port.close();
    this.poller.close();
  }
}

function echoRequest(source: string, destination: string): Uint8Array {
  const packet = Buffer.from(`6000000000083a40${source}${destination}8000000012340001`, 'hex');
  writeChecksum(packet);
  return packet;
}

/** ICMPv6 checksum (RFC 4443 §2.3), by the definition. */
function writeChecksum(packet: Uint8Array): void {
  packet[42] = 0;
  packet[43] = 0;
  let sum = packet.length - 40 + 58;
  for (let at = 8; at < packet.length; at += 2) sum += (packet[at]! << 8) | (packet[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  packet[42] = ~sum >>> 8;
  packet[43] = ~sum;
}
