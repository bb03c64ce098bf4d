/** What programs use that have nothing to do, all of them at the same time. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuTime, processTree } from '../cpu.ts';
import type { Context, Group } from '../group.ts';
import { programs } from '../programs.ts';

/**
 * After the start, before an idle program is watched: a new program of ours is not idle, for V8 still compiles what
 * the start made hot and collects what it left, once.
 */
const SETTLE_MS = 15_000;

export const idle: Group = {
  name: 'idle',

  async repeat({ scene, results, options }: Context) {
    const watched = scene.sides.flatMap((side) =>
      programs(side).map(({ name, pid }) => ({ side, name, pids: processTree(pid) })),
    );
    await delay(SETTLE_MS);
    const before = watched.map(({ pids }) => cpuTime(pids));
    const startAt = performance.now();
    await delay(options.idleMs);
    const ns = watched.map(({ pids }, i) => cpuTime(pids) - before[i]!);
    const elapsedNs = (performance.now() - startAt) * 1e6;
    for (const [i, { side, name }] of watched.entries()) {
      const measure = {
        name: `idle/${name}`,
        title: `Idle ${name}`,
        unit: '% CPU',
        better: 'lower',
        resolution: 0.05,
        ...(name === 'server' ? {} : { goal: { value: 0.1 } }),
      } as const;
      results.add(measure, side.name, (100 * ns[i]!) / elapsedNs);
    }
  },
};
