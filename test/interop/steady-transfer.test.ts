/** Long transfers: nothing to collect, nothing bad in the eyes of tshark. */
import { expect, test } from 'vitest';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { Capture } from '../support/capture.ts';
import { type Implementation, teredoAddress, teredoRoute } from '../support/implementation.ts';
import type { Island } from '../support/island.ts';
import { ours } from '../support/ours.ts';
import { transfer } from '../support/transfer.ts';
import { describeOnIsland } from './with-island.ts';

const STEADY_MS = 30_000;
const WARM_UP_OCTETS = 200_000_000;
const ROUND_OCTETS = 100_000_000;
/** Octets each way that tshark judges; TEREDO_TRANSFER_OCTETS=1000000000 makes it a gigabyte. */
const JUDGED_OCTETS = Number(process.env.TEREDO_TRANSFER_OCTETS ?? 50_000_000);

const PACE = 'qdisc add dev lan root tbf rate 500mbit burst 256kb latency 50ms'.split(' ');

/** V8 writes a line for each collection, of any thread. */
const TRACING = "import { setFlagsFromString } from 'node:v8'; setFlagsFromString('--trace-gc');";

const traced: Implementation = {
  ...ours,
  async client(host, [primary, secondary]) {
    const process = startTeredo(host, ['client', primary, '--server2', secondary], TRACING);
    return { host, process, address: await teredoAddress(host, process) };
  },
  async relay(host) {
    const process = startTeredo(host, ['relay'], TRACING);
    await teredoRoute(host, process);
    return process;
  },
};

describeOnIsland('A steady transfer', (island: () => Island) => {
  test('makes the data path of client and relay collect no old generation, in either direction', async () => {
    const native = await island().nativeHost(traced);
    const client = await island().client(traced, ours, 1);
    const up = (octets: number) => transfer(client.host, native.host, native.address, octets);
    const down = (octets: number) => transfer(native.host, client.host, client.address, octets);
    await up(WARM_UP_OCTETS);
    await down(WARM_UP_OCTETS);
    const [clientLines, relayLines] = [collections(client.process.output), collections(native.relay.output)];
    // V8 does write: a process that has only just started collects young objects.
    expect(clientLines.length).toBeGreaterThan(0);

    let octets = 0;
    for (const endAt = performance.now() + STEADY_MS; performance.now() < endAt; ) {
      for (const carry of [up, down]) {
        const { sent, received } = await carry(ROUND_OCTETS);
        expect(received).toEqual(sent);
        octets += received.octets;
      }
    }
    const later = {
      client: collections(client.process.output).slice(clientLines.length),
      relay: collections(native.relay.output).slice(relayLines.length),
    };
    console.log(`${(octets / 1e9).toFixed(1)} GB`);
    expect(later.client.filter(isOld)).toEqual([]);
    expect(later.relay.filter(isOld)).toEqual([]);
  });
});

describeOnIsland(
  'A transfer that is captured',
  (island: () => Island) => {
    test('arrives whole, and tshark finds no bad checksum outside or inside', { timeout: 600_000 }, async () => {
      const native = await island().nativeHost(ours);
      const client = await island().client(ours, ours, 1);
      // Slow enough for two captures to keep up.
      for (const host of [client.host, native.host]) await host.run(['tc', ...PACE]);
      for (const [from, to, address] of [
        [client.host, native.host, native.address],
        [native.host, client.host, client.address],
      ] as const) {
        const outside = await Capture.start(island().internet.router, 'large');
        const inside = await Capture.start(from === client.host ? native.host : native.gateway, 'large');
        const { sent, received } = await transfer(from, to, address, JUDGED_OCTETS);
        await Promise.all([outside.stop(), inside.stop()]);
        expect(received).toEqual(sent);
        expect(await outside.findings()).toEqual([]);
        expect(await inside.findings()).toEqual([]);
        const segments = Math.floor(JUDGED_OCTETS / 1_220);
        expect((await outside.rows('teredo && tcp.len > 0', ['frame.number'])).length).toBeGreaterThan(segments);
        expect((await inside.rows('!udp && tcp.len > 0', ['frame.number'])).length).toBeGreaterThan(segments / 2);
      }
    });
  },
  { needs: ['tcpdump', 'tshark', 'ethtool'], wholeChecksums: true },
);

/**
 * The lines that V8 wrote about collections in the thread that carries packets. The other thread writes first; it
 * sleeps meanwhile, and V8 uses that to give memory back to the system.
 */
function collections(output: string): string[] {
  const lines = output.split('\n').filter((line) => /: (Scavenge|Mark-Compact|Minor Mark)/.test(line));
  const [sleeper] = lines[0]?.split(']') ?? [];
  return lines.filter((line) => !line.startsWith(`${sleeper}]`));
}

function isOld(line: string): boolean {
  return line.includes('Mark-Compact');
}
