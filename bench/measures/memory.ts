/** Memory of programs, and of a list of peers from a thousand to a million. */
import { fileURLToPath } from 'node:url';
import { run } from '../../src/lab/kernel/commands.ts';
import { processTree, residentSize } from '../cpu.ts';
import type { Group } from '../group.ts';
import type { PeersMeasured } from '../load/peers.ts';
import { programs } from '../programs.ts';

const MEGA = 1e6;
const COUNTS = [1_000, 10_000, 100_000, 1_000_000] as const;
const HOOKS = new URL('../../scripts/typescript.mjs', import.meta.url).href;
const PEERS = fileURLToPath(new URL('../load/peers.ts', import.meta.url));

/** Flat: the table grows a thousandfold, and what grows a little is the processor's own search for so many pages. */
const flatness = {
  name: 'peers/flatness',
  title: 'Lookup among 1 000 000 peers / among 1 000',
  unit: '',
  better: 'lower',
  goal: { value: 2 },
} as const;

export const memory: Group = {
  name: 'memory',

  async repeat({ scene, results }) {
    for (const side of scene.sides) {
      for (const { name, pid } of programs(side)) {
        const measure = {
          name: `memory/${name}`,
          title: `Memory of the ${name}`,
          unit: 'MB',
          better: 'lower',
        } as const;
        results.add(measure, side.name, residentSize(processTree(pid)) / MEGA);
      }
    }
  },
};

/** Ours alone: nobody else's list of peers can be had without the program around it. */
export const peers: Group = {
  name: 'peers',

  async repeat({ results }) {
    const lookups: number[] = [];
    for (const count of COUNTS) {
      // A process for each, so that one measure does not inherit the heap and the compiled code of another.
      const argv = [process.execPath, '--expose-gc', '--import', HOOKS, PEERS, String(count)];
      const measured = JSON.parse(await run(argv)) as PeersMeasured;
      const words = count.toLocaleString('en').replaceAll(',', ' ');
      const line = (what: string, title: string, unit: string) =>
        ({ name: `peers/${count}/${what}`, title: `${words} peers: ${title}`, unit, better: 'lower' }) as const;
      results.add(
        { ...line('octets', 'memory', 'octets a peer'), ...(count === 1_000_000 ? { goal: { value: 110 } } : {}) },
        'ours',
        measured.octets,
      );
      lookups.push(measured.lookupNs);
      results.add(line('lookup', 'lookup, the same few', 'ns'), 'ours', measured.lookupNs);
      results.add(line('lookup-random', 'lookup, any of them', 'ns'), 'ours', measured.randomLookupNs);
      if (count === 1_000_000) results.add(line('rss', 'process', 'MB'), 'ours', measured.residentOctets / MEGA);
    }
    results.add(flatness, 'ours', lookups.at(-1)! / lookups[0]!);
  },
};
