import { parseArgs } from 'node:util';

export interface Options {
  readonly repetitions: number;
  /** How long one load lasts, in milliseconds. */
  readonly loadMs: number;
  /** How long an idle program is watched, in milliseconds. */
  readonly idleMs: number;
  /** Groups of measures to run; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Where the report goes as JSON. */
  readonly json: string | undefined;
  /** Whether docs/performance.md gets the new table. */
  readonly page: boolean;
}

export const USAGE = `npm run bench -- [--quick] [--only NAME]... [--repetitions N] [--json FILE] [--page]

  --quick          one short repetition: does everything work, and roughly how fast?
  --only NAME      one group of measures; may be said several times
  --repetitions N  how often each is measured (default 5); the table shows medians
  --json FILE      every value, for "npm run bench:compare BEFORE AFTER"
  --page           put the table into docs/performance.md
`;

/**
 * Reads the command line.
 *
 * Errors: an Error in words for what is no option, no number or no group.
 */
export function parseOptions(argv: readonly string[], groups: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      repetitions: { type: 'string' },
      json: { type: 'string' },
      page: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only?.find((name) => !groups.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: choose one of ${groups.join(', ')}`);
  const { quick } = values;
  return {
    repetitions: values.repetitions === undefined ? (quick ? 1 : 5) : count(values.repetitions),
    loadMs: quick ? 500 : 1_500,
    idleMs: quick ? 2_000 : 10_000,
    only: values.only,
    json: values.json,
    page: values.page,
  };
}

function count(value: string): number {
  const number = /^\d{1,2}$/.test(value) ? Number(value) : 0;
  if (number > 0) return number;
  throw new Error(`--repetitions ${value}: write a number from 1 to 99`);
}
