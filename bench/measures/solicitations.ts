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
import { closeSocket, openPacket } from '../load/socket.ts';
import { solicitations as messagesFrom, type Way } from '../load/solicitations.ts';
import type { Measure } from '../report.ts';
import type { Scene, Side } from '../scene.ts';

const ADDRESS = '198.51.100.250';
/** More than can be sent and answered on two cores. */
const PER_SECOND = 800_000;
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

/** The clients, at the other end of a cable to each server. */
interface Crowd {
  readonly host: Namespace;
  readonly ways: ReadonlyMap<string, Way & { readonly interfaceIndex: number }>;
}

let crowd: Promise<Crowd> | undefined;

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
async function gather({ island, sides }: Scene): Promise<Crowd> {
  const host = await island.network.add('crowd');
  const ways = new Map<string, Way & { readonly interfaceIndex: number }>();
  for (const { name, server } of sides) {
    await island.network.cable(host, name, server.host, 'crowd');
    await host.ip(`address add ${ADDRESS}/32 dev ${name}`, `route add ${server.addresses[0]} dev ${name}`);
    await server.host.ip(`route add ${ADDRESS} dev crowd`);
    const [near, far] = await Promise.all([link(host, name), link(server.host, 'crowd')]);
    const [fromMac, toMac] = [macOf(near), macOf(far)];
    ways.set(name, { fromMac, toMac, source: ADDRESS, server: server.addresses[0], interfaceIndex: near.ifindex });
  }
  return { host, ways };
}

interface Link {
  readonly ifindex: number;
  /** As "02:00:..." */
  readonly address: string;
}

async function link(host: Namespace, name: string): Promise<Link> {
  const [found] = await host.ask<Link[]>('link', 'show', 'dev', name);
  return found!;
}

function macOf({ address }: Link): Uint8Array {
  return Uint8Array.from(address.split(':'), (octet) => Number.parseInt(octet, 16));
}

async function measure(
  { scene, results, options }: Context,
  side: Side,
  { host, ways }: Crowd,
  { ports, offered, answered, cost }: Load,
): Promise<void> {
  const server = processTree(side.server.process.pid);
  const way = ways.get(side.name)!;
  const fd = openPacket(host, way.interfaceIndex);
  const counter = await Counter.start(host, 'udp sport 3544', true);
  try {
    const size = await answerSize(scene.sender, fd, way, counter);
    const before = cpuTime(server);
    const first = await counter.read();
    const sent = await scene.sender.send({
      fd,
      messages: messagesFrom(way, ports),
      perSecond: PER_SECOND,
      ms: options.loadMs,
    });
    await delay(SETTLE_MS);
    const ns = cpuTime(server) - before;
    const all = await counter.read();
    const answers = datagrams(
      { packets: all.packets - first.packets, octets: all.octets - first.octets },
      HEADERS,
      size,
    );
    results.add(offered, side.name, (sent.count * 1000) / sent.ms);
    results.add(answered, side.name, (answers * 1000) / sent.ms);
    results.add(cost, side.name, ns / 1000 / answers);
  } finally {
    closeSocket(fd);
    await counter.stop();
  }
}

/** Octets of the datagram that answers one solicitation. */
async function answerSize(sender: Sender, fd: number, way: Way, counter: Counter): Promise<number> {
  await sender.send({ fd, messages: messagesFrom(way, 1), perSecond: 100, ms: 20 });
  return await until(
    'an advertisement',
    async () => {
      const { packets, octets } = await counter.read();
      return packets > 0 && octets / packets - HEADERS;
    },
    3_000,
  );
}
