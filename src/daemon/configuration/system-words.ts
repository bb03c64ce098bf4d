import { getSystemErrorMap } from 'node:util';

/** What the system says, in words: "no such file or directory". */
export function wordsFor(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known?.[1] ?? code ?? message;
}
