import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compare } from './compare.ts';
import type { Report } from './report.ts';
import { align, formatNumber } from './table.ts';

const USAGE = `npm run bench:compare -- [--tolerance PERCENT] BEFORE AFTER

  Two files written by "npm run bench -- --json FILE". Status 1 when a measure is worse by more than the
  tolerance (default 15 percent), 2 when the command line cannot be meant.
`;
const WORDS = new Set([0, 1, 5]);

export function main(argv: readonly string[]): number {
  let comparison: ReturnType<typeof compare>;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { tolerance: { type: 'string', default: '15' } },
      allowPositionals: true,
    });
    const tolerance = Number(values.tolerance) / 100;
    if (!(tolerance > 0 && tolerance < 1)) throw new Error(`--tolerance ${values.tolerance}: write a percentage`);
    if (positionals.length !== 2) throw new Error('name two files');
    comparison = compare(read(positionals[0]!), read(positionals[1]!), tolerance);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { changes, unmatched } = comparison;
  const head = ['measure', 'divided by', 'before', 'after', 'improvement', 'verdict'];
  const lines = changes.map((change) => [
    change.name,
    { miredo: 'Miredo', kernel: 'kernel', itself: '' }[change.against],
    formatNumber(change.before),
    formatNumber(change.after),
    `${formatNumber(change.improvement)}x`,
    change.verdict,
  ]);
  process.stdout.write(`${align([head, ...lines], WORDS)}\n`);
  if (unmatched.length > 0) process.stdout.write(`\nonly in one of them: ${unmatched.join(', ')}\n`);
  return changes.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
}

function read(path: string): Report {
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  if (report.format !== 1 || !Array.isArray(report.rows)) throw new Error(`${path}: not a report of the benchmark`);
  return report;
}
