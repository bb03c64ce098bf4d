/** What the benchmark makes of its values: medians, ratios, goals, the table, the page, the comparison. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from '../../bench/compare.ts';
import { parseOptions } from '../../bench/options.ts';
import { replaceGenerated } from '../../bench/page.ts';
import { type Measure, type Report, Results, type Row } from '../../bench/report.ts';
import { isMet, median, percentile, ratio } from '../../bench/statistics.ts';
import { align, formatNumber, formatTable } from '../../bench/table.ts';

const throughput: Measure = { name: 'tcp/up/1', title: 'TCP up', unit: 'Mbit/s', better: 'higher' };
const cost: Measure = { name: 'udp/relay', title: 'UDP, relay', unit: 'us CPU', better: 'lower' };

describe('statistics', () => {
  test('a median is the middle value, or lies between the two middle ones', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('a percentile never leaves the values and grows with its rank', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
    const rank = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(values, rank, rank, (numbers, a, b) => {
        const [low, high] = [percentile(numbers, Math.min(a, b)), percentile(numbers, Math.max(a, b))];
        expect(low).toBeGreaterThanOrEqual(Math.min(...numbers));
        expect(high).toBeLessThanOrEqual(Math.max(...numbers));
        // Straight lines between doubles may round the last digit.
        expect(high - low).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
    expect(percentile([10, 20, 30, 40, 50], 99)).toBeCloseTo(49.6);
  });

  test('a ratio divides medians, and there is none without the other', () => {
    expect(ratio(row(throughput, { ours: [1, 90, 60], miredo: [4, 5, 6] }), 'miredo')).toBe(12);
    expect(ratio(row(throughput, { ours: [60] }), 'miredo')).toBeUndefined();
  });

  test('a goal is met only when every part of it is', () => {
    const goal = { miredo: 12, kernel: 0.55 };
    expect(isMet(row({ ...throughput, goal }, { ours: [60], miredo: [5], kernel: [100] }))).toBe(true);
    expect(isMet(row({ ...throughput, goal }, { ours: [60], miredo: [5], kernel: [120] }))).toBe(false);
    expect(isMet(row({ ...throughput, goal }, { ours: [60], miredo: [5] }))).toBeUndefined();
    expect(isMet(row({ ...cost, goal: { miredo: 0.5 } }, { ours: [2], miredo: [4] }))).toBe(true);
    expect(isMet(row({ ...cost, goal: { value: 1.9 } }, { ours: [2] }))).toBe(false);
    expect(isMet(row(cost, { ours: [2] }))).toBeUndefined();
  });
});

describe('the table', () => {
  test('shows medians, ratios and whether the goal is met', () => {
    const table = formatTable([
      row({ ...throughput, goal: { miredo: 12 } }, { ours: [6_000, 6_500, 7_000], miredo: [500], kernel: [13_000] }),
    ]);
    expect(table.split('\n')).toHaveLength(3);
    expect(cells(table.split('\n')[2]!)).toEqual([
      'TCP up',
      'Mbit/s',
      '6 500',
      '500',
      '13.0',
      '13 000',
      '0.50',
      '>= 12 Miredo: met',
    ]);
  });

  test('says what was not measured, and never writes a number for it', () => {
    const table = formatTable([row({ ...throughput, goal: { kernel: 0.55 } }, { ours: [6_000] })]);
    expect(cells(table.split('\n')[2]!).slice(3)).toEqual(['', '', '', '', '>= 0.55 kernel: not measured']);
  });

  test('every line is as long as the others', () => {
    const lines = align([
      ['a', 'b'],
      ['long words', '1'],
    ]).split('\n');
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  test('numbers keep the three digits that count', () => {
    expect([1_234_567, 1234.5, 123.45, 12.345, 1.2345, 0.012345, 0].map(formatNumber)).toEqual([
      '1 234 567',
      '1 235',
      '123',
      '12.3',
      '1.23',
      '0.012',
      '0',
    ]);
    expect(formatNumber(Number.NaN)).toBe('-');
    expect(formatNumber(undefined)).toBe('');
  });
});

test('results keep the order in which lines were first seen, and all repetitions', () => {
  const results = new Results();
  results.add(throughput, 'ours', 1);
  results.add(cost, 'ours', 7);
  results.add(throughput, 'miredo', 2);
  results.add(throughput, 'ours', 3);
  expect(results.rows).toEqual([row(throughput, { ours: [1, 3], miredo: [2] }), row(cost, { ours: [7] })]);
});

describe('the comparison of two reports', () => {
  test('divides by what the same run measured for Miredo: a slower machine is no regression', () => {
    const before = report(row(throughput, { ours: [6_000], miredo: [500] }));
    const after = report(row(throughput, { ours: [3_000], miredo: [250] }));
    expect(compare(before, after, 0.1).changes).toMatchObject([
      { against: 'miredo', before: 12, after: 12, improvement: 1, verdict: 'same' },
    ]);
  });

  test('less of what should be high is worse, less of what should be low is better', () => {
    const before = report(row(throughput, { ours: [100], miredo: [10] }), row(cost, { ours: [4], miredo: [8] }));
    const after = report(row(throughput, { ours: [50], miredo: [10] }), row(cost, { ours: [2], miredo: [8] }));
    expect(compare(before, after, 0.1).changes).toMatchObject([
      { name: 'tcp/up/1', improvement: 0.5, verdict: 'worse' },
      { name: 'udp/relay', improvement: 2, verdict: 'better' },
    ]);
  });

  test('a change within the tolerance is noise', () => {
    const verdict = (ours: number) =>
      compare(report(row(cost, { ours: [100] })), report(row(cost, { ours: [ours] })), 0.1).changes[0]!.verdict;
    expect([89, 91, 100, 110, 112].map(verdict)).toEqual(['better', 'same', 'same', 'same', 'worse']);
  });

  test('what only one of them knows is named; what explains others is left out', () => {
    const sent: Measure = { ...throughput, name: 'udp/sent', better: 'neither' };
    const before = report(row(throughput, { ours: [1] }), row(sent, { ours: [1] }));
    const after = report(row(cost, { ours: [1] }), row(sent, { ours: [9] }));
    expect(compare(before, after, 0.1)).toEqual({ changes: [], unmatched: ['tcp/up/1', 'udp/relay'] });
  });

  test('what lies below the resolution of a measure neither changes nor divides', () => {
    const idle = { ...cost, resolution: 0.05 };
    const before = report(row(idle, { ours: [0], miredo: [0.001] }));
    const later = (ours: number) => report(row(idle, { ours: [ours], miredo: [0.002] }));
    expect(compare(before, later(0.04), 0.1).changes).toMatchObject([{ against: 'itself', verdict: 'same' }]);
    expect(compare(before, later(0.06), 0.1).changes).toMatchObject([{ against: 'itself', verdict: 'worse' }]);
  });

  test('nothing before and nothing after is the same; Miredo at zero is no divisor', () => {
    const idle = row(cost, { ours: [0], miredo: [0] });
    expect(compare(report(idle), report(idle), 0.1).changes).toMatchObject([{ against: 'itself', verdict: 'same' }]);
  });
});

describe('the page', () => {
  const page = 'Intro\n<!-- bench: begin (written by "npm run bench -- --page") -->\nold\n<!-- bench: end -->\nOutro\n';

  test('keeps everything but what lies between the markers', () => {
    const once = replaceGenerated(page, 'new');
    expect(once).toBe(page.replace('old', '\nnew\n'));
    expect(replaceGenerated(once, 'new')).toBe(once);
  });

  test('refuses a page without markers', () => {
    expect(() => replaceGenerated('Intro', 'new')).toThrow('no "<!-- bench: begin');
  });
});

describe('the command line', () => {
  const groups = ['tcp', 'udp'];

  test('quick is one repetition, unless more are asked for', () => {
    expect(parseOptions([], groups)).toMatchObject({ repetitions: 5, only: undefined });
    expect(parseOptions(['--quick'], groups)).toMatchObject({ repetitions: 1 });
    expect(parseOptions(['--quick', '--repetitions', '3'], groups)).toMatchObject({ repetitions: 3, loadMs: 500 });
  });

  test('names groups, and says which there are', () => {
    expect(parseOptions(['--only', 'udp', '--only', 'tcp'], groups).only).toEqual(['udp', 'tcp']);
    expect(() => parseOptions(['--only', 'sctp'], groups)).toThrow('--only sctp: choose one of tcp, udp');
    expect(() => parseOptions(['--repetitions', '0'], groups)).toThrow('write a number from 1 to 99');
    expect(() => parseOptions(['--fast'], groups)).toThrow('--fast');
  });
});

function row(measure: Measure, samples: Row['samples']): Row {
  return { ...measure, samples };
}

function report(...rows: readonly Row[]): Report {
  return { format: 1, date: '2026-01-01T00:00:00Z', machine: {}, versions: {}, command: '', repetitions: 1, rows };
}

/** The cells of one line of a Markdown table. */
function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
