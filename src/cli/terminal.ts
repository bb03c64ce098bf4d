import { styleText } from 'node:util';
import { asTeredoError } from '../errors.ts';

/** Exit statuses; scripts rely on them. */
export const Exit = { Fine: 0, Degraded: 1, Usage: 2, CannotRun: 3 } as const;

type Style = Parameters<typeof styleText>[0];

/** Colours `text` when `stream` is a terminal and nobody asked for plain text (https://no-color.org). */
export function paint(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  const plain = !stream.isTTY || (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb';
  return plain ? text : styleText(style, text);
}

/** Says what went wrong, why, and what to do next; gives the exit status for it. */
export function reportError(error: unknown, json: boolean): number {
  const { code, message, next } = asTeredoError(error);
  if (json) {
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type: 'error', code, message, next })}\n`);
  } else {
    process.stderr.write(`${paint('red', 'teredo:', process.stderr)} ${message}\n`);
    process.stderr.write(`  code: ${code}\n${next === '' ? '' : `  next: ${next}\n`}`);
  }
  return code.startsWith('TD-USAGE') ? Exit.Usage : Exit.CannotRun;
}

/** `teredo client | head -1` closes our output: what is written from then on is written to nobody. */
export function toleratePipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
