/** Round trips from the client's host to the IPv6 host, echo requests 2 ms apart. */
import { run } from '../../src/lab/kernel/commands.ts';
import type { Context, Group } from '../group.ts';
import type { Contestant, Goal, Measure } from '../report.ts';
import { warmUp } from '../scene.ts';
import { mean, percentile } from '../statistics.ts';

const INTERVAL_MS = 2;
/** Before those that count: a program of ours runs its first packets in V8's interpreter. */
const WARM_UP_MS = 3_000;

const MEASURES: readonly { readonly what: string; readonly of: (ms: readonly number[]) => number; goal?: Goal }[] = [
  { what: 'mean', of: mean, goal: { miredo: 1 } },
  { what: 'p50', of: (times) => percentile(times, 50) },
  { what: 'p99', of: (times) => percentile(times, 99), goal: { miredo: 1 } },
];

export const roundTrip: Group = {
  name: 'round-trip',

  async repeat(context) {
    const { scene } = context;
    for (const side of scene.sides) {
      await warmUp(side);
      record(context, side.name, await times(context, side.client.host.fullName, side.native.address));
    }
    record(context, 'kernel', await times(context, scene.kernel.client.fullName, scene.kernel.address));
  },
};

function record({ results }: Context, contestant: Contestant, ms: readonly number[]): void {
  for (const { what, of, goal } of MEASURES) {
    const measure: Measure = {
      name: `round-trip/${what}`,
      title: `Round trip, 2 ms apart, ${what}`,
      unit: 'ms',
      better: 'lower',
      ...(goal === undefined ? {} : { goal }),
    };
    results.add(measure, contestant, of(ms));
  }
}

async function times({ options }: Context, namespace: string, address: string): Promise<number[]> {
  const before = Math.ceil(WARM_UP_MS / INTERVAL_MS);
  const count = Math.ceil((2 * options.loadMs) / 3 / INTERVAL_MS) * 2;
  const argv = ['ping', '-n', '-i', String(INTERVAL_MS / 1000), '-c', String(before + count), '-W', '1', address];
  const found = parseTimes(await run(['ip', 'netns', 'exec', namespace, ...argv])).slice(before);
  if (found.length < 0.99 * count) throw new Error(`${found.length} of ${count} echo replies from ${address}`);
  return found;
}

/** The times of all replies that ping printed, in milliseconds. */
export function parseTimes(text: string): number[] {
  return [...text.matchAll(/ time=([\d.]+) ms/g)].map((match) => Number(match[1]));
}
