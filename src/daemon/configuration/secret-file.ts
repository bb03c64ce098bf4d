import { readFileSync, statSync } from 'node:fs';
import { formatHex } from '../../wire/text.ts';
import { wordsFor } from './system-words.ts';
import { type Objection, octets } from './values.ts';

const OTHERS_READ_OR_WRITE = 0o006;

interface Line {
  readonly line: string;
  readonly number: number;
}

/**
 * What was read, and how old it was: who has given up root's rights cannot read again a file that is for root's eyes
 * only, and need not while it is the same. Bounded by the files that a configuration has named.
 */
const known = new Map<string, { readonly text: string; readonly changedAt: number }>();

/** A client's secret: the first line of a file. */
export function readSecret(path: string): { readonly secret: Uint8Array } | NonNullable<Objection> {
  const lines = readLines(path);
  if (!Array.isArray(lines)) return lines;
  const [first] = lines;
  if (first === undefined) {
    return { reason: 'no secret for the identifier', fix: 'write the secret into its first line' };
  }
  const secret = octets(first.line);
  return secret === undefined ? notHex(first.number) : { secret };
}

/** A server's: lines of "IDENTIFIER SECRET", keyed by the hex of the identifier, as the server looks them up. */
export function readSecrets(
  path: string,
): ReadonlyMap<string, { readonly secret: Uint8Array }> | NonNullable<Objection> {
  const lines = readLines(path);
  if (!Array.isArray(lines)) return lines;
  const keys = new Map<string, { secret: Uint8Array }>();
  for (const { line, number } of lines) {
    const [name, text, ...rest] = line.split(/\s+/);
    if (name === undefined || text === undefined || rest.length > 0) {
      return { reason: `line ${number}: not "IDENTIFIER SECRET"`, fix: 'write hex:... for odd characters' };
    }
    const [identifier, secret] = [octets(name), octets(text)];
    if (identifier === undefined || secret === undefined) return notHex(number);
    const key = formatHex(identifier);
    if (keys.has(key)) return { reason: `line ${number}: a second secret for ${name}`, fix: 'leave one of them' };
    keys.set(key, { secret });
  }
  if (keys.size > 0) return keys;
  return { reason: 'there is no secret in it', fix: 'write lines of "IDENTIFIER SECRET"' };
}

/** Lines without comments; or why nobody should trust the file. */
function readLines(path: string): Line[] | NonNullable<Objection> {
  let text: string;
  let mode: number;
  try {
    const status = statSync(path);
    // A pipe may be meant ("<(pass show teredo)"); a device holds no secret, and its rights are nobody's to change.
    if (!status.isFile() && !status.isFIFO()) return { reason: 'is not a file', fix: 'name a readable file' };
    mode = status.mode;
    text = readAgain(path, status.ctimeMs);
  } catch (error) {
    const isChanged = known.has(path) && (error as NodeJS.ErrnoException).code === 'EACCES';
    const fix = isChanged ? 'restart, or let the user it runs as read it (chgrp, chmod 640)' : 'name a readable file';
    return { reason: wordsFor(error), fix };
  }
  if ((mode & OTHERS_READ_OR_WRITE) !== 0) {
    return { reason: 'everybody on this host may read or change it', fix: `chmod 600 ${path}` };
  }
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.trim();
    return line === '' || line.startsWith('#') ? [] : [{ line, number: index + 1 }];
  });
}

/** Errors: those of the file system. */
function readAgain(path: string, changedAt: number): string {
  try {
    const text = readFileSync(path, 'utf8');
    known.set(path, { text, changedAt });
    return text;
  } catch (error) {
    const before = known.get(path);
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || before?.changedAt !== changedAt) throw error;
    return before.text;
  }
}

function notHex(number: number): NonNullable<Objection> {
  return { reason: `line ${number}: not hex digits in pairs`, fix: 'for instance hex:00ff17' };
}
