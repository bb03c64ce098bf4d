/** What a dashboard that is looked at costs our client: TCP through it with a page open, and without. */

import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import type { Context, Group } from '../group.ts';
import type { Measure } from '../report.ts';
import { throughput, ways } from './tcp.ts';

/** Asks as the page does, without the drawing: a browser would measure itself. */
const READER = `
  const url = process.argv[1];
  setInterval(() => fetch(url + 'v1/peers?role=0&max=4096').then((answer) => answer.arrayBuffer()), 2000);
  const live = await fetch(url + 'v1/live');
  console.log('reads');
  for await (const part of live.body) void part;
`;

export const page: Group = {
  name: 'page',

  async repeat(context) {
    for (const direction of ['up', 'down'] as const) {
      await measure(context, direction, 'without');
      const close = await openPage(context);
      try {
        await measure(context, direction, 'with');
      } finally {
        await close();
      }
    }
  },
};

async function measure(context: Context, direction: 'up' | 'down', how: 'with' | 'without'): Promise<void> {
  const way = ways(context).find(({ contestant }) => contestant === 'ours')!;
  await way.prepare();
  const line: Measure = {
    name: `page/${direction}/${how}`,
    title: `TCP ${direction}, 1 flow, ${how} a dashboard open`,
    unit: 'Mbit/s',
    better: 'higher',
  };
  context.results.add(line, 'ours', await throughput(way, direction, 1, context.options.loadMs));
}

/** Gives what closes it. */
async function openPage({ scene }: Context): Promise<() => Promise<void>> {
  const { host } = scene.sides.find(({ name }) => name === 'ours')!.client;
  const web = host.start([process.execPath, PROGRAM, 'web', '--json'], 'teredo web');
  await web.printed(/"url":/);
  const { url } = JSON.parse(web.stdout.split('\n')[0]!) as { url: string };
  const reader = host.start([process.execPath, '--input-type=module', '-e', READER, url], 'page');
  await reader.printed(/reads/);
  return async () => {
    await reader.stop();
    await web.stop();
  };
}
