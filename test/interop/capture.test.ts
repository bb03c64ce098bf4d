/** What goes over the wire, in the eyes of tshark. */
import { expect, test } from 'vitest';
import { ping } from '../../src/lab/kernel/ping.ts';
import { Capture } from '../support/capture.ts';
import type { Island } from '../support/island.ts';
import { ours } from '../support/ours.ts';
import { transfer } from '../support/transfer.ts';
import { describeOnIsland } from './with-island.ts';

const options = { needs: ['tcpdump', 'tshark', 'ethtool'], wholeChecksums: true } as const;

describeOnIsland(
  'Captures of our programs',
  (island) => {
    test('RFC 4380 §5.2.4, §5.2.9, §5.4.1: the first ping needs no more datagrams than the protocol asks for', async () => {
      const native = await island().nativeHost(ours);
      const client = await island().client(ours, ours, 1);
      const capture = await Capture.start(island().internet.router);
      const { received, output } = await ping(client.host, native.address, 2);
      await capture.stop();

      expect(received, output).toBe(2);
      expect(await conversation(capture, island())).toEqual([
        'client > server: echo request',
        'relay > server: bubble',
        'server > client: bubble',
        'client > relay: bubble',
        'relay > client: echo reply',
        'client > relay: echo request',
        'relay > client: echo reply',
        'client > relay: echo request',
        'relay > client: echo reply',
      ]);
    });

    test('no frame is malformed and no checksum is bad', async () => {
      const capture = await Capture.start(island().internet.router);
      const [one, other, native] = await Promise.all([
        island().client(ours, ours, 2),
        island().client(ours, ours, 3),
        island().nativeHost(ours),
      ]);
      for (const { host, address } of [native, other]) {
        const { received, output } = await ping(one.host, address, 5);
        expect(received, output).toBe(5);
        const { sent, received: arrived } = await transfer(one.host, host, address, 1_000_000);
        expect(arrived).toEqual(sent);
      }
      await capture.stop();

      expect(await capture.findings()).toEqual([]);
      // The capture really holds what was judged: solicitations, advertisements, bubbles, pings and a transfer.
      for (const [seen, atLeast] of [
        ['teredo && icmpv6.type == 133 && icmpv6.checksum.status == 1', 2],
        ['teredo && icmpv6.type == 134 && icmpv6.checksum.status == 1', 2],
        ['teredo && icmpv6.type == 128 && icmpv6.checksum.status == 1', 10],
        ['teredo && ipv6.nxt == 59', 4],
        ['teredo && tcp.checksum.status == 1 && udp.checksum.status == 1', 1_500],
      ] as const) {
        expect((await capture.rows(seen, ['frame.number'])).length, seen).toBeGreaterThanOrEqual(atLeast);
      }
    });
  },
  options,
);

/** The datagrams between the three, in order; maintenance (solicitations and advertisements) left out. */
async function conversation(capture: Capture, island: Island): Promise<string[]> {
  const names = new Map([
    [(await island.server(ours))[0], 'server'],
    ['203.0.113.1', 'relay'],
    ['198.51.100.1', 'client'],
  ]);
  const rows = await capture.rows('udp && ipv6', ['ip.src', 'ip.dst', 'ipv6.nxt', 'icmpv6.type']);
  return rows.flatMap(([source, destination, next, type]) => {
    const what = next === '59' ? 'bubble' : { 128: 'echo request', 129: 'echo reply' }[type!];
    return what === undefined ? [] : [`${names.get(source!)} > ${names.get(destination!)}: ${what}`];
  });
}
