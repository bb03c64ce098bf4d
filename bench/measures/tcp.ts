/** TCP through client, NAT and relay to an IPv6 host, and over the same hosts without a tunnel (iperf3). */

import { run } from '../../src/lab/kernel/commands.ts';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Context, Group } from '../group.ts';
import type { Contestant, Measure } from '../report.ts';
import { warmUp } from '../scene.ts';

const PORT = '5201';
/** The inner MTU of 1280 octets without the headers of IPv6 and TCP: each segment carries 1208 octets and a time stamp. */
const SEGMENT_MAX = '1220';
const FLOWS = [1, 8] as const;
/** Seconds before those that count, for TCP's slow start and V8's. */
const OMIT = '1';

export const tcp: Group = {
  name: 'tcp',

  async repeat(context) {
    for (const direction of ['up', 'down'] as const) {
      for (const flows of FLOWS) {
        const measure: Measure = {
          name: `tcp/${direction}/${flows}`,
          title: `TCP ${direction}, ${flows} flow${flows === 1 ? '' : 's'}`,
          unit: 'Mbit/s',
          better: 'higher',
          goal: { miredo: 12, kernel: 0.55 },
        };
        for (const way of ways(context)) {
          await way.prepare();
          context.results.add(measure, way.contestant, await throughput(way, direction, flows, context.options.loadMs));
        }
      }
    }
  },
};

export interface Way {
  readonly contestant: Contestant;
  readonly client: Namespace;
  readonly native: Namespace;
  readonly address: string;
  prepare(): Promise<void>;
}

/** Ours, Miredo's and the kernel's. */
export function ways({ scene }: Context): Way[] {
  const tunnels = scene.sides.map((side) => ({
    contestant: side.name,
    client: side.client.host,
    native: side.native.host,
    address: side.native.address,
    prepare: () => warmUp(side),
  }));
  return [...tunnels, { ...scene.kernel, contestant: 'kernel', prepare: async () => {} }];
}

/** Megabits of TCP payload a second that the receiver got. */
export async function throughput(way: Way, direction: 'up' | 'down', flows: number, loadMs: number): Promise<number> {
  const server = way.native.start(['iperf3', '--server', '--one-off', '--forceflush', '--bind', way.address]);
  await server.printed(/listening/);
  try {
    const argv = ['iperf3', '--client', way.address, '--port', PORT, '--json', '--set-mss', SEGMENT_MAX];
    argv.push('--omit', OMIT);
    argv.push('--parallel', String(flows), '--time', String(Math.max(1, Math.round((2 * loadMs) / 1000))));
    if (direction === 'down') argv.push('--reverse');
    return parseThroughput(await run(['ip', 'netns', 'exec', way.client.fullName, ...argv], '', 30_000));
  } finally {
    await server.stop();
  }
}

/** What the receiver got, in Mbit/s, from the JSON of an iperf3 client. */
export function parseThroughput(text: string): number {
  const { end, error } = JSON.parse(text) as { end?: { sum_received?: { bits_per_second: number } }; error?: string };
  const bits = end?.sum_received?.bits_per_second;
  if (bits === undefined) throw new Error(`iperf3: ${error ?? 'no result'}`);
  return bits / 1e6;
}
