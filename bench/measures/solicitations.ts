/** Router solicitations from 256 ports of one address: answers a second, and what each costs the server. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Namespace } from '../../test/support/namespaces.ts';
import { until } from '../../test/support/until.ts';
import { cpuTime, processTree } from '../cpu.ts';
import type { Context, Group } from '../group.ts';
import { Counter, datagrams } from '../load/counter.ts';
import type { Sender } from '../load/sender.ts';
import { closeSocket, openRaw } from '../load/socket.ts';
import { solicitations as messagesFrom } from '../load/solicitations.ts';
import type { Measure } from '../report.ts';
import type { Scene, Side } from '../scene.ts';

const ADDRESS = '198.51.100.250';
const PORTS = 256;
/** More than can be sent and answered on two cores. */
const PER_SECOND = 400_000;
const HEADERS = 28;
const SETTLE_MS = 100;

const offered: Measure = {
  name: 'solicitations/sent',
  title: `Solicitations, ${PER_SECOND / 1000}k/s: sent`,
  unit: '1/s',
  better: 'neither',
};
const answered: Measure = {
  name: 'solicitations/answered',
  title: `Solicitations, ${PER_SECOND / 1000}k/s: answered`,
  unit: '1/s',
  better: 'higher',
  goal: { miredo: 1.2 },
};
const cost: Measure = {
  name: 'solicitations/server',
  title: `Solicitations, ${PER_SECOND / 1000}k/s: server`,
  unit: 'us CPU',
  better: 'lower',
  goal: { miredo: 0.8 },
};

let crowd: Promise<Namespace> | undefined;

export const solicitations: Group = {
  name: 'solicitations',

  async repeat(context) {
    crowd ??= gather(context.scene);
    for (const side of context.scene.sides) await measure(context, side, await crowd);
  },
};

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

async function measure({ scene, results, options }: Context, side: Side, from: Namespace): Promise<void> {
  const { addresses, process } = side.server;
  const server = processTree(process.pid);
  const messages = messagesFrom(ADDRESS, addresses[0], PORTS);
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
