import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paddedSize, RECORD_HEADER, RecordType, readRecords, type TapRecord } from '../../../src/daemon/tap/record.ts';
import { TapRing } from '../../../src/daemon/tap/ring.ts';

/** Small, so that it wraps often. */
const OCTETS = 1024;

test('whatever is written is read once, in order, or counted as lost', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('write' as const), octets: fc.integer({ min: 0, max: 700 }) }),
      fc.record({ type: fc.constant('read' as const), octets: fc.integer({ min: 1, max: 600 }) }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const ring = new TapRing(TapRing.memory(OCTETS));
      const reader = new TapRing(ring.memory);
      const written: number[] = [];
      const seen: number[] = [];
      let lost = 0;
      let number = 0;
      const read = (most: number) => {
        const chunk = reader.take(most);
        expect(
          readRecords(
            chunk,
            (record) => void seen.push(check(record)),
            () => {},
          ),
        ).toBe(chunk.length);
        return chunk.length;
      };
      for (const { type, octets } of list) {
        if (type === 'read') read(octets);
        else if (write(ring, ++number, octets)) written.push(number);
        else lost++;
      }
      while (read(OCTETS) > 0);
      expect(seen).toEqual(written);
      expect(reader.lost).toBe(lost);
    }),
    { numRuns: 300 },
  );
});

test('the counts of octets may wrap', () => {
  const ring = new TapRing(TapRing.memory(OCTETS));
  new Int32Array(ring.memory, 0, 2).fill((2 ** 31 - OCTETS) | 0);
  for (let number = 1; number < 100; number++) {
    expect(write(ring, number, 100)).toBe(true);
    const numbers: number[] = [];
    readRecords(
      ring.take(OCTETS),
      (record) => void numbers.push(check(record)),
      () => {},
    );
    expect(numbers).toEqual([number]);
  }
});

/** A record that carries its number as `ipv4` and in each octet. */
function write(ring: TapRing, number: number, octets: number): boolean {
  const size = paddedSize(octets);
  const at = ring.reserve(size);
  if (at < 0) return false;
  ring.bytes.fill(0, at, at + RECORD_HEADER);
  ring.view.setUint32(at, size, true);
  ring.bytes[at + 4] = RecordType.Datagram;
  ring.view.setInt32(at + 16, number, true);
  ring.view.setUint32(at + 24, octets, true);
  ring.view.setUint32(at + 28, octets, true);
  ring.bytes.fill(number, at + RECORD_HEADER, at + RECORD_HEADER + octets);
  ring.commit(size);
  return true;
}

function check({ remote, bytes }: TapRecord): number {
  expect(bytes.every((octet) => octet === (remote.ipv4 & 0xff))).toBe(true);
  return remote.ipv4;
}
