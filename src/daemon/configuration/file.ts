import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { nameOfUser } from '../../io/linux/accounts.ts';
import { KEYS, SECTIONS } from './keys.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './problems.ts';
import { wordsFor } from './system-words.ts';

const OTHERS_WRITE = 0o022;
const OCTETS_MAX = 1 << 20;

/** One value that a file gives. */
export interface FileValue {
  readonly value: unknown;
  /** 0: not found. */
  readonly line: number;
}

/** What a file says: values by the path of their key, and what is wrong with it. */
export interface FileContent {
  readonly path: string;
  readonly values: ReadonlyMap<string, FileValue>;
  readonly problems: readonly Problem[];
}

/** Reads a file. Errors: none are thrown, all are in `problems`; a file that others may write counts as unreadable. */
export function readConfigurationFile(path: string): FileContent {
  const fail = (reason: string, fix: string): FileContent => {
    return { path, values: new Map(), problems: [{ where: path, name: '', value: '', reason, fix }] };
  };
  try {
    const status = statSync(path);
    if (!status.isFile()) return fail('is not a file', 'name a readable file');
    if ((status.mode & OTHERS_WRITE) !== 0) {
      // Whoever may write it may have any program run by root, as a hook.
      return fail('users other than its owner may change it', `chmod go-w ${path}`);
    }
    if (status.size > OCTETS_MAX) return fail('is longer than any configuration', 'name another file');
    return parseConfiguration(readFileSync(path, 'utf8'), path);
  } catch (error) {
    const isForbidden = (error as NodeJS.ErrnoException).code === 'EACCES';
    return fail(wordsFor(error), isForbidden ? allowance(path) : 'name a readable file');
  }
}

/** Root may have become another user, whom its files are closed to. */
function allowance(path: string): string {
  const user = nameOfUser(process.geteuid?.() ?? 0);
  return `this process is the user ${user}: let that user read the file, and enter ${dirname(path)}`;
}

/** The text of a file; `path` names it in messages. */
export function parseConfiguration(text: string, path: string): FileContent {
  const problems: Problem[] = [];
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const where = `${path}, line ${error.line}, column ${error.column}`;
    const reason = error.message.split('\n')[0]!.replace('Invalid TOML document: ', 'not TOML: ');
    const fix = 'mend that line (texts stand in quotes, lists in [ ]; see https://toml.io): the rest is read after it';
    return { path, values: new Map(), problems: [{ where, name: '', value: '', reason, fix }] };
  }
  const lines = linesOf(text);
  const values = new Map<string, FileValue>();
  for (const [path_, value] of leaves(table)) {
    const line = lines.get(path_) ?? 0;
    if (KEYS.some((key) => key.path === path_)) values.set(path_, { value, line });
    else problems.push({ where: place(path, line), ...unknown(path_, value) });
  }
  return { path, values, problems };
}

/** "teredo.toml, line 7", or without the line where it is not known. */
export function place(path: string, line: number): string {
  return line === 0 ? path : `${path}, line ${line}`;
}

function unknown(path: string, value: unknown): Omit<Problem, 'where'> {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isTable) {
    const guess = nearest(path, SECTIONS);
    const fix = guess === undefined ? `there are ${SECTIONS.join(', ')}` : `did you mean [${guess}]?`;
    return { name: `[${path}]`, value: '', reason: 'no such section', fix };
  }
  return { name: path, value: '', reason: 'no such key', fix: meant(path) };
}

/** The nearest key, or one of that name in another section. */
function meant(path: string): string {
  const name = path.slice(path.indexOf('.') + 1);
  const section = path.includes('.') ? path.slice(0, path.indexOf('.')) : '';
  const siblings = KEYS.filter((key) => key.section === section);
  const nearby = nearest(
    name,
    siblings.map((key) => key.name),
  );
  const sibling = siblings.find((key) => key.name === nearby)?.path;
  const elsewhere = KEYS.filter((key) => key.name === name).map((key) => key.path);
  const guesses = sibling === undefined ? elsewhere : [sibling];
  if (guesses.length > 0) return `did you mean ${guesses.join(' or ')}?`;
  return '"teredo config show" lists all keys';
}

/** Values by their paths; tables of a known section are entered, other tables are values themselves. */
function* leaves(table: Record<string, unknown>): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(table)) {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
    if (!isTable || !SECTIONS.includes(name)) yield [name, value];
    else for (const [key, leaf] of Object.entries(value)) yield [`${name}.${key}`, leaf];
  }
}

/** The lines that keys stand on. The parser does not tell; what is written in an unusual way has no line then. */
function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let section = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\s*([A-Za-z0-9_.-]+)\s*\]/.exec(line)?.[1];
    if (header !== undefined) {
      section = header;
      if (!lines.has(header)) lines.set(header, index + 1);
      continue;
    }
    const name = /^\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=/.exec(line)?.[1]?.replace(/\s/g, '');
    if (name === undefined) continue;
    const path = section === '' ? name : `${section}.${name}`;
    if (!lines.has(path)) lines.set(path, index + 1);
  }
  return lines;
}
