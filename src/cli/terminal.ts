import { styleText } from 'node:util';
import { ConfigurationError } from '../daemon/configuration/problems.ts';
import { asTeredoError } from '../errors.ts';
import { withProgramName } from './program-name.ts';
import { folded, visible } from './words.ts';

/** Exit statuses; scripts rely on them. */
export const Exit = { Fine: 0, Degraded: 1, Usage: 2, CannotRun: 3, NotReachable: 4 } as const;

type Style = Parameters<typeof styleText>[0];

/** Colours `text` when `stream` is a terminal and nobody asked for plain text (https://no-color.org). */
export function paint(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  const plain = !stream.isTTY || (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb';
  return plain ? text : styleText(style, text);
}

/** Characters of a line: the terminal's, or what COLUMNS says, or `usual` where nobody tells. */
export function columns(usual: number): number {
  const told = Number(process.env.COLUMNS);
  return process.stdout.columns ?? (Number.isInteger(told) && told > 0 ? told : usual);
}

/** Says what went wrong, why, and what to do next; gives the exit status for it. */
export function reportError(error: unknown, json: boolean): number {
  const known = asTeredoError(error);
  const { code } = known;
  const message = visible(known.message);
  const next = withProgramName(visible(known.next));
  if (json) {
    const details = known instanceof ConfigurationError ? { problems: known.problems } : {};
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type: 'error', code, message, next, ...details })}\n`);
  } else {
    // One mistake is one sentence, for whoever greps; several are a list, for eyes.
    const isList = known instanceof ConfigurationError && known.problems.length > 1;
    const told = `teredo: ${message}\n  code: ${code}\n${next === '' ? '' : `  next: ${next}\n`}`;
    process.stderr.write(
      (isList ? folded(told) : told).replace('teredo:', (name) => paint('red', name, process.stderr)),
    );
  }
  return exitOf(code);
}

/** The exit status that an error ends a process with. */
export function exitOf(code: string): number {
  if (code.startsWith('TD-USAGE') || code === 'TD-CONFIG') return Exit.Usage;
  return code.startsWith('TD-NOT-REACHABLE') ? Exit.NotReachable : Exit.CannotRun;
}
