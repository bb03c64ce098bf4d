/** From the start of a client to the first echo reply through its tunnel. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import type { Context, Group } from '../group.ts';
import type { Measure } from '../report.ts';
import type { Side } from '../scene.ts';

const PATIENCE_MS = 30_000;
/** Between two attempts to begin, while the host has no way to IPv6 yet. */
const ATTEMPT_MS = 10;

const measure: Measure = {
  name: 'start-up/first-reply',
  title: 'Start of a client to its first echo reply',
  unit: 'ms',
  better: 'lower',
};

const hosts = new Map<Side, Promise<Namespace>>();

export const startUp: Group = {
  name: 'start-up',

  async repeat({ scene, results }: Context) {
    for (const side of scene.sides) {
      let host = hosts.get(side);
      if (host === undefined) {
        host = scene.island.internet.hostBehindNat(`${side.name}-new`, `198.51.100.${200 + hosts.size}`, 'masquerade');
        hosts.set(side, host);
      }
      results.add(measure, side.name, await timeToFirstReply(side, await host));
    }
  },
};

async function timeToFirstReply(side: Side, host: Namespace): Promise<number> {
  const startAt = Date.now();
  const client = side.implementation.startClient(host, side.server.addresses);
  try {
    return (await firstReplyAt(client, host, side.native.address)) - startAt;
  } finally {
    await client.stop();
  }
}

/** The instant of the first reply, in ms since 1970, by the clock of ping. */
async function firstReplyAt(client: Process, host: Namespace, address: string): Promise<number> {
  const endAt = Date.now() + PATIENCE_MS;
  // Without a route ping ends at once; with one it goes on asking until an answer comes.
  const argv = ['ping', '-D', '-n', '-i', '0.02', '-c', '1', '-w', String(PATIENCE_MS / 1000), address];
  while (Date.now() < endAt) {
    const { stdout } = await host.runToEnd(argv);
    const at = parseFirstReply(stdout);
    if (at !== undefined) return at;
    if (!client.running) break;
    await delay(ATTEMPT_MS);
  }
  throw new Error(`no echo reply within ${PATIENCE_MS} ms\n${client.report()}`);
}

/** The time stamp of the first reply in what `ping -D` printed, in ms since 1970; undefined: no reply. */
export function parseFirstReply(text: string): number | undefined {
  const match = /^\[(\d+\.\d+)\] \d+ bytes from /m.exec(text);
  return match === null ? undefined : Number(match[1]) * 1000;
}
