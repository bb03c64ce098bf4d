import { expect, test } from 'vitest';
import { COUNTERS_LENGTH, Counter, PortCounters } from '../../src/io/counters.ts';

test('counters written through one view are read through another, errors by number', () => {
  const memory = new SharedArrayBuffer(COUNTERS_LENGTH * 8);
  const writer = new PortCounters(new Float64Array(memory));
  const reader = new PortCounters(new Float64Array(memory));
  writer.add(Counter.DatagramsSent, 2 ** 40);
  writer.add(Counter.DatagramsSent, 1);
  writer.addError(101);
  writer.addError(101);
  writer.addError(-5);
  writer.addError(9_999);
  expect(reader.get(Counter.DatagramsSent)).toBe(2 ** 40 + 1);
  expect([...reader.errors()]).toEqual([
    [0, 2],
    [101, 2],
  ]);
});
