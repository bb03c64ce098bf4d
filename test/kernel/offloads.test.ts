/** The tunnel carries the same octets whatever the kernel can do for it: each offload missing in turn, and all. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { Capture } from '../support/capture.ts';
import { type Implementation, type RunningClient, teredoAddress, teredoRoute } from '../support/implementation.ts';
import { type HostBehindRelay, Island } from '../support/island.ts';
import { ours, reports } from '../support/ours.ts';
import { trains } from '../support/trains.ts';
import { transfer } from '../support/transfer.ts';

const LARGE = 20_000_000;
const CAPTURED = 1_500_000;

const SETS = [
  ['all', ['tso', 'uso', 'segment', 'gro']],
  ['tso,segment,gro', ['tso', 'segment', 'gro']],
  ['segment,gro', ['segment', 'gro']],
  ['tso,uso', ['tso', 'uso']],
  ['tso,uso,segment', ['tso', 'uso', 'segment']],
  ['none', []],
] as const;

describeWith([...laboratory, 'tcpdump', 'tshark', 'ethtool'], 'With and without what the kernel offers', () => {
  describe.each(SETS)('--offloads %s', (list, inUse) => {
    let island: Island;
    let client: RunningClient;
    let native: HostBehindRelay;

    beforeAll(async () => {
      island = await Island.create({ wholeChecksums: true });
      const implementation = oursWith(list);
      client = await island.client(implementation, ours, 1);
      native = await island.nativeHost(implementation);
      const { received, output } = await ping(client.host, native.address, 2);
      expect(received, output).toBe(2);
    });
    afterAll(() => island.close());

    test('the programs say what is in use', () => {
      for (const process of [client.process, native.relay]) {
        expect(reports(process, 'ready')[0]).toMatchObject({ offloads: inUse, checksums: 'SIMD' });
      }
    });

    test('TCP both ways arrives whole', async () => {
      for (const [from, to, address] of ways()) {
        const { sent, received } = await transfer(from, to, address, LARGE);
        expect(received).toEqual(sent);
      }
    });

    test('trains of UDP both ways arrive whole and in order', async () => {
      for (const [from, to, address] of ways()) {
        const { sent, received } = await trains(from, to, address);
        expect(received).toEqual(sent);
      }
    });

    test('no checksum is bad, inside the tunnel and outside', async () => {
      const outside = await Capture.start(island.internet.router);
      const inside = await Capture.start(native.host);
      for (const [from, to, address] of ways()) {
        const { sent, received } = await transfer(from, to, address, CAPTURED);
        expect(received).toEqual(sent);
        await trains(from, to, address);
      }
      await Promise.all([outside.stop(), inside.stop()]);
      expect(await outside.findings()).toEqual([]);
      expect(await inside.findings()).toEqual([]);
      for (const [capture, filter, atLeast] of [
        [outside, 'teredo && tcp.checksum.status == 1 && udp.checksum.status == 1 && tcp.len > 1000', 2_000],
        [inside, 'tcp.checksum.status == 1 && tcp.len > 1000', 1_000],
        [inside, 'udp.checksum.status == 1 && ipv6 && udp.length == 72', 80],
      ] as const) {
        expect((await capture.rows(filter, ['frame.number'])).length, filter).toBeGreaterThanOrEqual(atLeast);
      }
    });

    function ways(): [from: Namespace, to: Namespace, address: string][] {
      return [
        [client.host, native.host, native.address],
        [native.host, client.host, client.address],
      ];
    }
  });
});

function oursWith(list: string): Implementation {
  const options = ['--offloads', list, '--json'];
  return {
    ...ours,
    async client(host, [primary, secondary]) {
      const process = startTeredo(host, ['client', primary, '--server2', secondary, ...options]);
      return { host, process, address: await teredoAddress(host, process) };
    },
    async relay(host) {
      const process = startTeredo(host, ['relay', ...options]);
      await teredoRoute(host, process);
      return process;
    },
  };
}
