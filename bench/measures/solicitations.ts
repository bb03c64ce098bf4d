/**
 * Router solicitations from many ports of one address: answers a second, and what each costs the server.
 *
 * From 256 ports, what waits at the server holds several questions of each; from 4096 it does not, and every answer
 * crosses the kernel alone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { cpuTime, processTree } from '../cpu.ts';
import type { Context, Group } from '../group.ts';
import { Counter, datagrams } from '../load/counter.ts';
import type { Sender } from '../load/sender.ts';
import { closeSocket, openRaw } from '../load/socket.ts';
import { solicitations as messagesFrom } from '../load/solicitations.ts';
import type { Measure } from '../report.ts';
import type { Scene, Side } from '../scene.ts';

const ADDRESS = '198.51.100.250';
/** More than can be sent and answered on two cores. */
const PER_SECOND = 400_000;
const HEADERS = 28;
const SETTLE_MS = 100;

interface Load {
  readonly ports: number;
  readonly offered: Measure;
  readonly answered: Measure;
  readonly cost: Measure;
}

const LOADS: readonly Load[] = [
  load('solicitations', 256, { answered: { miredo: 1.2 }, cost: { miredo: 0.8 } }),
  load('solicitations-apart', 4096),
];

let crowd: Promise<Namespace> | undefined;

export const solicitations: Group = {
  name: 'solicitations',

  async repeat(context) {
    crowd ??= gather(context.scene);
    for (const each of LOADS) {
      for (const side of context.scene.sides) await measure(context, side, await crowd, each);
    }
  },
};

function load(name: string, ports: number, goals: { answered?: Measure['goal']; cost?: Measure['goal'] } = {}): Load {
  const title = `Solicitations, ${ports} ports, ${PER_SECOND / 1000}k/s`;
  const { answered, cost } = goals;
  return {
    ports,
    offered: { name: `${name}/sent`, title: `${title}: sent`, unit: '1/s', better: 'neither' },
    answered: {
      name: `${name}/answered`,
      title: `${title}: answered`,
      unit: '1/s',
      better: 'higher',
      ...(answered === undefined ? {} : { goal: answered }),
    },
    cost: {
      name: `${name}/server`,
      title: `${title}: server`,
      unit: 'us CPU',
      better: 'lower',
      ...(cost === undefined ? {} : { goal: cost }),
    },
  };
}

/** A host with a cable to each server, for a router on the way would cost the sender its speed. */
async function gather({ island, sides }: Scene): Promise<Namespace> {
  const host = await island.network.add('crowd');
  for (const { name, server } of sides) {
    await island.network.cable(host, name, server.host, 'crowd');
    await host.ip(`address add ${ADDRESS}/32 dev ${name}`, `route add ${server.addresses[0]} dev ${name}`);
    await server.host.ip(`route add ${ADDRESS} dev crowd`);
  }
  return host;
}

async function measure(
  { scene, results, options }: Context,
  side: Side,
  from: Namespace,
  { ports, offered, answered, cost }: Load,
): Promise<void> {
  const { addresses, process } = side.server;
  const server = processTree(process.pid);
  const messages = messagesFrom(ADDRESS, addresses[0], ports);
  const size = await answerSize(scene.sender, from, side);
  const fd = openRaw(from, addresses[0]);
  const counter = await Counter.start(from, 'udp sport 3544', true);
  try {
    const before = cpuTime(server);
    const sent = await scene.sender.send({ fd, messages, perSecond: PER_SECOND, ms: options.loadMs });
    await delay(SETTLE_MS);
    const ns = cpuTime(server) - before;
    const answers = datagrams(await counter.read(), HEADERS, size);
    results.add(offered, side.name, (sent.count * 1000) / sent.ms);
    results.add(answered, side.name, (answers * 1000) / sent.ms);
    results.add(cost, side.name, ns / 1000 / answers);
  } finally {
    closeSocket(fd);
    await counter.stop();
  }
}

/** Octets of the datagram that answers one solicitation. */
async function answerSize(sender: Sender, from: Namespace, side: Side): Promise<number> {
  const fd = openRaw(from, side.server.addresses[0]);
  const counter = await Counter.start(from, 'udp sport 3544', true);
  try {
    await sender.send({ fd, messages: messagesFrom(ADDRESS, side.server.addresses[0], 1), perSecond: 100, ms: 20 });
    return await until(
      `an advertisement of the server of ${side.name}`,
      async () => {
        const { packets, octets } = await counter.read();
        return packets > 0 && octets / packets - HEADERS;
      },
      3_000,
    );
  } finally {
    closeSocket(fd);
    await counter.stop();
  }
}
