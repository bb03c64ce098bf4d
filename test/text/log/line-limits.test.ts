import { expect, test } from 'vitest';
import { ENTRIES_MAX, KINDS_MAX, LineLimits, WINDOW_MS } from '../../../src/cli/log/line-limits.ts';

test('so many entries of one kind in a minute, then a count of what was left out, then as many again', () => {
  const limits = new LineLimits();
  const admitted = (from: number) => {
    let count = 0;
    for (let now = from; now < from + 1_000; now++) if (limits.admits('junk', now)) count++;
    return count;
  };
  expect(admitted(5_000)).toBe(ENTRIES_MAX);
  expect(limits.deadlineAt).toBe(5_000 + WINDOW_MS);
  expect(limits.takeOver(5_000 + WINDOW_MS - 1)).toEqual([]);
  expect(limits.takeOver(5_000 + WINDOW_MS)).toEqual([{ kind: 'junk', count: 1_000 - ENTRIES_MAX, forMs: WINDOW_MS }]);
  expect(limits.deadlineAt).toBe(Number.POSITIVE_INFINITY);
  expect(admitted(5_000 + WINDOW_MS)).toBe(ENTRIES_MAX);
});

test('a kind that keeps within its bound is never spoken of, for hours', () => {
  const limits = new LineLimits();
  for (let now = 0; now < 3_600_000; now += 1_100) {
    expect(limits.admits('usual', now)).toBe(true);
    expect(limits.takeOver(now)).toEqual([]);
  }
  expect(limits.deadlineAt).toBe(Number.POSITIVE_INFINITY);
});

test('a flood of one kind takes nothing from another', () => {
  const limits = new LineLimits();
  for (let count = 0; count < 100_000; count++) limits.admits('flood', count / 1_000);
  expect(limits.admits('other', 100)).toBe(true);
});

test('at the end everything is told, however young', () => {
  const limits = new LineLimits();
  for (let count = 0; count <= ENTRIES_MAX; count++) limits.admits('junk', 0);
  expect(limits.takeOver(10, true)).toEqual([{ kind: 'junk', count: 1, forMs: 10 }]);
  expect(limits.takeOver(10, true)).toEqual([]);
});

test('kinds without end share one account', () => {
  const limits = new LineLimits();
  let admitted = 0;
  for (let kind = 0; kind < 100_000; kind++) if (limits.admits(`kind ${kind}`, 0)) admitted++;
  expect(admitted).toBe(KINDS_MAX + ENTRIES_MAX);
  const told = limits.takeOver(1, true);
  expect(told).toEqual([{ kind: 'others', count: 100_000 - admitted, forMs: 1 }]);
});
