import type { Contestant, Row } from './report.ts';

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/**
 * The value that `percent` of the values do not exceed, straight lines between neighbours.
 *
 * Shape:  `percent` is 0 to 100; NaN when there are no values.
 */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}

/** The median of one contestant; undefined when it has no part in this measure. */
export function typical(row: Row, contestant: Contestant): number | undefined {
  const samples = row.samples[contestant];
  return samples === undefined ? undefined : median(samples);
}

/** Ours divided by the other's, medians; undefined without the other. */
export function ratio(row: Row, other: Contestant): number | undefined {
  const ours = typical(row, 'ours');
  const theirs = typical(row, other);
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}

/** Whether the goal of a line is reached; undefined when it has none, or was not measured against what it names. */
export function isMet(row: Row): boolean | undefined {
  const { goal } = row;
  if (goal === undefined) return undefined;
  const pairs: [number | undefined, number | undefined][] = [
    [goal.miredo, ratio(row, 'miredo')],
    [goal.kernel, ratio(row, 'kernel')],
    [goal.value, typical(row, 'ours')],
  ];
  const asked = pairs.filter(([wanted]) => wanted !== undefined);
  if (asked.some(([, found]) => found === undefined)) return undefined;
  return asked.every(([wanted, found]) => (row.better === 'higher' ? found! >= wanted! : found! <= wanted!));
}
