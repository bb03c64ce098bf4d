/** One flow of inner UDP at a given rate: what arrives, and what each packet costs the relay and the client. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuTime, processTree } from '../cpu.ts';
import type { Context, Group } from '../group.ts';
import { Counter, datagrams } from '../load/counter.ts';
import { closeSocket, openUdp } from '../load/socket.ts';
import type { Goal, Measure } from '../report.ts';
import { type Side, warmUp } from '../scene.ts';

/** The discard service; what arrives there is counted and dropped before any socket. */
const PORT = 9;
const INNER_HEADERS = 48;
const OUTER_HEADERS = 28;
/** Saturation: a sender on the same two cores can do little more. */
const SATURATION = 800_000;
/**
 * Datagrams in one write. Toward clients the sender's packets go through routers, at the cost of the sender, so that
 * it needs the help; `build` of scene.ts sees to it that they leave its host one by one. The client's host hands them
 * straight to the tunnel, one by one.
 */
const TOGETHER = { up: 1, down: 8 } as const;
/** For what still lies in queues when the sender ends. */
const SETTLE_MS = 100;

type Direction = 'up' | 'down';

const LOADS: readonly { readonly size: number; readonly perSecond: number }[] = [
  { size: 64, perSecond: 50_000 },
  { size: 64, perSecond: 200_000 },
  { size: 64, perSecond: SATURATION },
  { size: 512, perSecond: SATURATION },
  { size: 1200, perSecond: SATURATION },
];

/** Up: from the client to the IPv6 host, in the words of a relay "toward IPv6". */
const GOALS: Readonly<Record<string, Goal>> = {
  'udp/up/64/200k/relay': { miredo: 1 / 5 },
  'udp/down/64/200k/relay': { miredo: 1 / 2 },
  'udp/up/64/800k/delivered': { miredo: 5 },
  'udp/down/64/800k/delivered': { miredo: 2.5 },
  'udp/up/1200/800k/delivered': { miredo: 4 },
  'udp/down/1200/800k/delivered': { miredo: 4 },
};

export const udp: Group = {
  name: 'udp',

  async repeat(context) {
    for (const direction of ['up', 'down'] as const) {
      for (const { size, perSecond } of LOADS) {
        for (const side of context.scene.sides) await measure(context, side, direction, size, perSecond);
      }
    }
  },
};

async function measure(
  { scene, results, options }: Context,
  side: Side,
  direction: Direction,
  size: number,
  perSecond: number,
): Promise<void> {
  await warmUp(side);
  const [from, to] = direction === 'up' ? [side.client.host, side.native] : [side.native.host, side.client];
  const relay = processTree(side.native.relay.pid);
  const client = processTree(side.client.process.pid);
  const fd = openUdp(from, to.address, PORT, size);
  const together = TOGETHER[direction];
  const end = await Counter.start(to.host, `udp dport ${PORT}`, true);
  // Datagrams between client and relay, at the router in the middle.
  const middle = await Counter.start(scene.island.internet.router, 'ip protocol udp', false);
  try {
    const cpu = { relay: cpuTime(relay), client: cpuTime(client) };
    const sent = await scene.sender.send({
      fd,
      messages: [new Uint8Array(together * size)],
      perSecond: perSecond / together,
      ms: options.loadMs,
    });
    await delay(SETTLE_MS);
    const relayNs = cpuTime(relay) - cpu.relay;
    const clientNs = cpuTime(client) - cpu.client;
    const delivered = datagrams(await end.read(), INNER_HEADERS, size);
    const carried = datagrams(await middle.read(), OUTER_HEADERS, INNER_HEADERS + size);

    // Each program is charged for the packets that it passed on, whatever became of them further on.
    const [byRelay, byClient] = direction === 'up' ? [delivered, carried] : [carried, delivered];
    const line = (what: string, words: string, unit: string, better: Measure['better']): Measure => {
      const name = `udp/${direction}/${size}/${perSecond / 1000}k/${what}`;
      const title = `UDP ${direction}, ${size} octets, ${perSecond / 1000}k/s: ${words}`;
      return { name, title, unit, better, ...(GOALS[name] === undefined ? {} : { goal: GOALS[name] }) };
    };
    results.add(line('sent', 'sent', '1/s', 'neither'), side.name, perSecondOf(together * sent.count, sent.ms));
    results.add(line('delivered', 'delivered', '1/s', 'higher'), side.name, perSecondOf(delivered, sent.ms));
    results.add(line('relay', 'relay', 'us CPU', 'lower'), side.name, relayNs / 1000 / byRelay);
    results.add(line('client', 'client', 'us CPU', 'lower'), side.name, clientNs / 1000 / byClient);
  } finally {
    closeSocket(fd);
    await Promise.all([end.stop(), middle.stop()]);
  }
}

function perSecondOf(count: number, ms: number): number {
  return (count * 1000) / ms;
}
