import { TeredoError } from '../errors.ts';
import { Exit, reportError } from './terminal.ts';
import { wordsFor } from './words.ts';

let isLog = false;
let lost = 0;
let reason = '';

/**
 * Sees to it that output nobody can take ends in words and not in a stack.
 *
 * Shape:  a reader that went away (`teredo decode x | head -1`) is no failure; a full disk is, with status 3.
 */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isLog) return;
    const trouble = `cannot write to standard output: ${wordsFor(error)}`;
    process.exit(reportError(new TeredoError('TD-OUTPUT', trouble, 'make room, or write elsewhere'), false));
  });
  // Of this there is nobody left to tell.
  process.stderr.on('error', () => process.exit(Exit.CannotRun));
}

/** From here on output is the log of something that matters more: lines that cannot be written are counted. */
export function keepRunning(): void {
  isLog = true;
  process.stderr.removeAllListeners('error').on('error', () => {});
}

/** One line, or one object, of a log. Where lines before it were lost, that is told as soon as there is room. */
export function log(line: string, tellLost: (count: number, reason: string) => string): void {
  const gap = lost === 0 ? '' : tellLost(lost, reason);
  process.stdout.write(`${gap}${line}`, (error) => {
    if (error === null || error === undefined) {
      if (gap !== '') lost = 0;
      return;
    }
    lost++;
    reason = wordsFor(error);
  });
}
