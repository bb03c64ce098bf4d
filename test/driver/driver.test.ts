import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/batch/batch.ts';
import { Driver, type TunPort, type UdpPort } from '../../src/driver/driver.ts';
import type { Role, RoleEvent } from '../../src/roles/role.ts';

describe('one turn of a driver', () => {
  test('one input, all its outputs, then the next input; events before the datagrams that need them', () => {
    const scene = makeScene();
    scene.fromUdp.push(1);
    scene.fromTun.push(1);
    scene.driver.turn(10);
    expect(scene.log).toEqual([
      'receive 1 at 10',
      'tun.write 1',
      'event a',
      'udp.write 1',
      'tun.write 1',
      'transmit 1 at 10',
      'udp.write 1',
      'event b',
      'udp.write 1',
      'tun.write 1',
    ]);
  });

  test('a full batch says "more"; a batch that is not full does not', () => {
    const scene = makeScene();
    scene.fromUdp.push(4, 3);
    scene.fromTun.push(0, 4);
    expect(scene.driver.turn(0)).toBe(true);
    expect(scene.driver.turn(0)).toBe(true);
    expect(scene.driver.turn(0)).toBe(false);
  });

  test('at most one batch each way per turn, so neither side starves', () => {
    const scene = makeScene();
    scene.fromUdp.push(4, 4, 4);
    scene.fromTun.push(4, 4, 4);
    scene.driver.turn(0);
    expect(scene.log.filter((line) => /^(receive|transmit)/.test(line))).toEqual(['receive 4 at 0', 'transmit 4 at 0']);
  });

  test('the deadline is looked at once per turn, when it has come', () => {
    const scene = makeScene();
    scene.deadlineAt = 100;
    expect(scene.driver.deadline).toBe(100);
    scene.driver.turn(99);
    expect(scene.log).toEqual([]);
    scene.driver.turn(100);
    expect(scene.log).toEqual(['timeout at 100', 'event c', 'udp.write 1']);
  });

  test('what a call from outside left to be sent leaves with the next turn', () => {
    const scene = makeScene();
    scene.datagrams = 9; // more than a batch holds
    scene.driver.turn(0);
    expect(scene.log).toEqual(['udp.write 4', 'udp.write 4', 'udp.write 1']);
  });
});

/** A role and ports that write down what is asked of them; each input leaves one datagram, one packet and one event. */
function makeScene() {
  const log: string[] = [];
  const scene = {
    log,
    fromUdp: [] as number[],
    fromTun: [] as number[],
    deadlineAt: Number.POSITIVE_INFINITY,
    datagrams: 0,
    packets: 0,
  };
  const events: string[] = [];
  const leave = (event: string, packets: number) => {
    events.push(event);
    scene.datagrams++;
    scene.packets += packets;
  };
  const poll = (batch: Batch, left: number) => {
    while (left > 0 && batch.push(Uint8Array.of(1)) >= 0) left--;
    return left;
  };
  const role: Role = {
    drops: new Float64Array(1),
    receive: (batch, now) => {
      log.push(`receive ${batch.count} at ${now}`);
      leave('a', 1);
    },
    transmit: (batch, now) => {
      log.push(`transmit ${batch.count} at ${now}`);
      leave('b', 1);
    },
    handleTimeout: (now) => {
      log.push(`timeout at ${now}`);
      scene.deadlineAt = Number.POSITIVE_INFINITY;
      leave('c', 0);
    },
    pollDatagrams: (batch) => {
      scene.datagrams = poll(batch, scene.datagrams);
    },
    pollPackets: (batch) => {
      scene.packets = poll(batch, scene.packets);
    },
    pollTimeout: () => scene.deadlineAt,
    pollEvent: () => events.shift() as unknown as RoleEvent | undefined,
  };
  const read = (queue: number[]) => (batch: Batch) => {
    const count = queue.shift() ?? 0;
    for (let i = 0; i < count; i++) batch.push(Uint8Array.of(1));
  };
  const udp: UdpPort = {
    read: read(scene.fromUdp),
    write: (batch) => log.push(`udp.write ${batch.count}`),
    setOpen: () => {},
  };
  const tun: TunPort = { read: read(scene.fromTun), write: (batch) => log.push(`tun.write ${batch.count}`) };
  const batches = [0, 1].map(() => new Batch(4, new Uint8Array(1000))) as [Batch, Batch];
  const driver = new Driver(role, udp, tun, ...batches, (event) => log.push(`event ${event as unknown as string}`));
  return Object.assign(scene, { driver });
}
