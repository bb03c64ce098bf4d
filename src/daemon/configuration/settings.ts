import { type FileContent, place } from './file.ts';
import { findKey, KEYS, type Key, SECTIONS } from './keys.ts';
import { nearest } from './nearest.ts';
import { ConfigurationError, type Problem } from './problems.ts';
import { schema, type Values } from './schema.ts';

/** What a command line says of one key. */
export interface Flag {
  /** As it was written: "--port". */
  readonly name: string;
  /** Text as it stood there, or what a switch stands for. */
  readonly value: string | boolean | readonly string[];
}

export interface Sources {
  /** By the path of the key. */
  readonly flags?: ReadonlyMap<string, Flag>;
  readonly environment?: NodeJS.ProcessEnv;
  readonly file?: FileContent | undefined;
}

export type SourceName = 'flag' | 'environment' | 'file' | 'default';

/** One value and where it comes from. */
export interface Setting {
  readonly key: Key;
  /** Undefined: it is left out, and `key.otherwise` says what holds then. */
  readonly value: unknown;
  readonly source: SourceName;
  /** What it was said of: "--port", "TEREDO_CLIENT_PORT", or the path of the key. */
  readonly name: string;
  /** Where: file and line; empty for flags and the environment. */
  readonly where: string;
}

/** Every value, checked, with its source. */
export class Settings {
  readonly values: Values;
  /** In the order of the schema. */
  readonly all: readonly Setting[];
  /** The file that was read; undefined: none. */
  readonly file: string | undefined;
  /** What deserves a word though it is no error: names in the environment that no key has. */
  readonly remarks: readonly Problem[];

  constructor(all: readonly Setting[], file: string | undefined, remarks: readonly Problem[]) {
    this.all = all;
    this.file = file;
    this.remarks = remarks;
    this.values = schema.parse(nested(all));
  }

  /** The setting of a key that exists. */
  of(path: string): Setting {
    return this.all.find(({ key }) => key.path === path)!;
  }

  /** Whether somebody said it. */
  isSet(path: string): boolean {
    return this.of(path).source !== 'default';
  }

  /** Values that somebody set and no code heeds yet. */
  get unwired(): readonly Setting[] {
    return this.all.filter(({ key, source }) => key.isUnwired && source !== 'default');
  }

  /** A problem with the value of a key, told where the value was said. */
  problem(path: string, reason: string, fix: string): Problem {
    const { name, where, value, source } = this.of(path);
    // A switch has no value of its own.
    const isBare = source === 'default' || (source === 'flag' && typeof value === 'boolean');
    return { where, name, value: isBare ? '' : show(value), reason, fix };
  }

  /** Those problems as one error; its code tells whether only the command line is to blame. */
  refuse(problems: readonly Problem[]): ConfigurationError {
    return refusal(problems, this.file);
  }
}

/** Flags go before the environment, that before the file, and all before defaults. Errors: ConfigurationError. */
export function settle({ flags = new Map(), environment = {}, file }: Sources): Settings {
  const problems: Problem[] = [...(file?.problems ?? [])];
  const all = KEYS.map((key): Setting => {
    const flag = flags.get(key.path);
    if (flag !== undefined) return take(key, 'flag', flag.name, '', flag.value, problems);
    const text = environment[key.environment];
    if (text !== undefined && text !== '') return take(key, 'environment', key.environment, '', text, problems);
    const said = file?.values.get(key.path);
    if (said === undefined) return { key, value: key.byDefault, source: 'default', name: key.path, where: '' };
    return take(key, 'file', key.path, place(file!.path, said.line), said.value, problems);
  });
  if (problems.length > 0)
    throw refusal(
      problems.toSorted((one, other) => lineOf(one) - lineOf(other)),
      file?.path,
    );
  return new Settings(all, file?.path, strangers(environment));
}

/** A value as it is told to people: as TOML has it, texts without their quotes. */
export function show(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

function take(key: Key, source: SourceName, name: string, where: string, raw: unknown, problems: Problem[]): Setting {
  const value = typeof raw === 'string' && source !== 'file' ? fromText(key, raw) : raw;
  const checked = key.type.safeParse(value);
  if (checked.success) return { key, value: checked.data, source, name, where };
  for (const issue of checked.error.issues) {
    // A list says which of its items is meant.
    const index = issue.path[0];
    const item = typeof index === 'number' && Array.isArray(value) ? (value[index] as unknown) : raw;
    const own = issue.code === 'custom' ? (issue.params as { fix: string }) : undefined;
    problems.push({
      where,
      name,
      value: isSecretive(key, item) ? 'hex:...' : show(item),
      reason: own === undefined ? `not ${key.what}` : issue.message,
      fix: own?.fix ?? key.fix,
    });
  }
  return { key, value: key.byDefault, source, name, where };
}

/** Text of a flag or of the environment as TOML would have it; what cannot be meant stays text, and is refused. */
function fromText(key: Key, text: string): unknown {
  switch (key.kind) {
    case 'yes-no':
      return { true: true, yes: true, 1: true, false: false, no: false, 0: false }[text.toLowerCase()] ?? text;
    case 'number':
      return /^\d{1,10}$/.test(text) ? Number(text) : text;
    case 'text':
      return text;
    case 'list':
      return key.names[text] ?? text.split(',').map((item) => item.trim());
  }
}

function nested(all: readonly Setting[]): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  for (const { key, value } of all) if (key.section === '' && value !== undefined) table[key.name] = value;
  for (const section of SECTIONS) {
    const said = all.filter(({ key, value }) => key.section === section && value !== undefined);
    table[section] = Object.fromEntries(said.map(({ key, value }) => [key.name, value]));
  }
  return table;
}

/** Names such as TEREDO_CLIENT_SERVER: probably a slip, but others may put names of that form there as well. */
function strangers(environment: NodeJS.ProcessEnv): Problem[] {
  const names = KEYS.map((key) => key.environment);
  const prefixes = SECTIONS.map((section) => `TEREDO_${section.toUpperCase()}_`);
  return Object.keys(environment)
    .filter((name) => !names.includes(name) && prefixes.some((prefix) => name.startsWith(prefix)))
    .map((name) => {
      const guess = nearest(name, names);
      const fix = guess === undefined ? '"teredo config show" lists all keys' : `did you mean ${guess}?`;
      return { where: '', name, value: '', reason: 'no key has this name in the environment; it is not heeded', fix };
    });
}

function lineOf({ where }: Problem): number {
  return Number(/line (\d+)/.exec(where)?.[1] ?? 0);
}

/** A key that is nowhere is the fault of the command line, unless there is a file that could have it. */
function refusal(problems: readonly Problem[], file: string | undefined): ConfigurationError {
  const isUsage = problems.every(({ where, name }) => {
    return where === '' && !name.startsWith('TEREDO_') && (file === undefined || findKey(name) === undefined);
  });
  return new ConfigurationError(isUsage ? 'TD-USAGE' : 'TD-CONFIG', problems);
}

/** Digits that do not parse may be a secret in the wrong place; they are not repeated. */
function isSecretive({ path }: Key, value: unknown): boolean {
  return path === 'client.identifier' && typeof value === 'string' && value.startsWith('hex:');
}
