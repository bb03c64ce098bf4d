import { expect, test } from 'vitest';
import { Batch } from '../../src/batch/batch.ts';
import { type Fault, GuardedRole } from '../../src/driver/guarded-role.ts';
import type { Role } from '../../src/roles/role.ts';

/** Drops what begins with 1, passes on what begins with 2 without its first octet, fails at 3. */
class Fragile implements Role {
  readonly drops = new Float64Array(64);
  timeoutFails = false;
  receive(batch: Batch): void {
    for (let slot = 0; slot < batch.count; slot++) {
      const first = batch.bytes[batch.start[slot]!];
      if (first === 3) throw new Error('three');
      if (first === 1) {
        batch.length[slot] = 0;
      } else {
        batch.start[slot]!++;
        batch.length[slot]!--;
      }
    }
  }
  transmit(batch: Batch): void {
    this.receive(batch);
  }
  handleTimeout(): void {
    if (this.timeoutFails) throw new Error('late');
  }
  pollDatagrams(): void {}
  pollPackets(): void {}
  pollTimeout = (): number => Infinity;
  pollEvent = (): undefined => undefined;
}

test.each(['receive', 'transmit'] as const)('%s: one datagram that fails is lost, those beside it are not', (way) => {
  const faults: Fault[] = [];
  const role = new GuardedRole(new Fragile(), (fault) => faults.push(fault));
  const batch = new Batch(8, new Uint8Array(1_000));
  for (const first of [2, 1, 3, 2, 3]) batch.push(Uint8Array.of(first, 0xa0 + first), 7, 8, 1);
  role[way](batch, 0);
  const left = [0, 1, 2, 3, 4].map((slot) => [...batch.packet(slot)]);
  expect(left).toEqual([[0xa2], [], [], [0xa2], []]);
  expect([batch.ipv4[3], batch.port[3], batch.via[3]]).toEqual([7, 8, 1]);
  expect(faults.map(({ packet }) => packet)).toEqual([Uint8Array.of(3, 0xa3), Uint8Array.of(3, 0xa3)]);
  expect(faults[0]!.error).toEqual(new Error('three'));
});

test('a datagram never ends the process, however often it comes; a deadline that only fails does', () => {
  let faults = 0;
  const fragile = new Fragile();
  const role = new GuardedRole(fragile, () => faults++);
  const batch = new Batch(1, new Uint8Array(100));
  for (let time = 0; time < 10_000; time++) {
    batch.clear();
    batch.push(Uint8Array.of(3));
    role.receive(batch, time);
  }
  expect(faults).toBe(10_000);
  fragile.timeoutFails = true;
  expect(() => {
    for (let time = 0; time < 1_000; time++) role.handleTimeout(time);
  }).toThrow('late');
  expect(faults).toBe(10_100);
});
