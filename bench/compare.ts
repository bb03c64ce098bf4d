/**
 * Two reports side by side.
 *
 * A value of ours is first divided by what the same run measured for Miredo (or for the kernel), so that two machines,
 * or two moods of one machine, may be compared; only what has no such measure is compared as it is.
 */
import type { Report, Row } from './report.ts';
import { ratio, typical } from './statistics.ts';

export interface Change {
  readonly name: string;
  /** What the two numbers are: ours divided by another's, or ours alone. */
  readonly against: 'miredo' | 'kernel' | 'itself';
  readonly before: number;
  readonly after: number;
  /** 2: twice as good as before; 0.5: half as good; whichever direction is the better one. */
  readonly improvement: number;
  readonly verdict: 'better' | 'same' | 'worse';
}

export interface Comparison {
  /** Lines that both reports have and that may be better or worse, in the order of the second. */
  readonly changes: readonly Change[];
  /** Names that only one of them has. */
  readonly unmatched: readonly string[];
}

/** `tolerance` is the part of a ratio that counts as noise: 0.1 for a tenth. */
export function compare(before: Report, after: Report, tolerance: number): Comparison {
  const earlier = new Map(before.rows.map((row) => [row.name, row]));
  const later = new Set(after.rows.map((row) => row.name));
  const changes = after.rows.flatMap((row) => {
    const other = earlier.get(row.name);
    return other === undefined || row.better === 'neither' ? [] : [change(other, row, tolerance)];
  });
  const unmatched = [
    ...before.rows.filter((row) => !later.has(row.name)),
    ...after.rows.filter((row) => !earlier.has(row.name)),
  ].map((row) => row.name);
  return { changes, unmatched };
}

function change(earlier: Row, later: Row, tolerance: number): Change {
  const against = (['miredo', 'kernel'] as const).find((other) => isUsable(earlier, other) && isUsable(later, other));
  const before = against === undefined ? typical(earlier, 'ours')! : ratio(earlier, against)!;
  const after = against === undefined ? typical(later, 'ours')! : ratio(later, against)!;
  const resolution = against === undefined ? (later.resolution ?? 0) : 0;
  const growth = Math.abs(after - before) <= resolution ? 1 : after / before;
  const improvement = later.better === 'higher' ? growth : 1 / growth;
  return {
    name: later.name,
    against: against ?? 'itself',
    before,
    after,
    improvement,
    verdict: improvement < 1 - tolerance ? 'worse' : improvement > 1 / (1 - tolerance) ? 'better' : 'same',
  };
}

function isUsable(row: Row, other: 'miredo' | 'kernel'): boolean {
  const divisor = typical(row, other);
  return divisor !== undefined && divisor > (row.resolution ?? 0) && ratio(row, other)! > 0;
}
