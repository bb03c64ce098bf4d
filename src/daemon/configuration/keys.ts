import * as z from 'zod';
import { facts, type KeyFacts } from './kinds.ts';
import { schema } from './schema.ts';

/** One key of `teredo.toml`. */
export interface Key extends KeyFacts {
  /** "client.refresh_interval". */
  readonly path: string;
  /** "client"; empty at the top. */
  readonly section: string;
  /** "refresh_interval". */
  readonly name: string;
  /** "TEREDO_CLIENT_REFRESH_INTERVAL". */
  readonly environment: string;
  /** What holds when nobody says anything; undefined: see `otherwise`. */
  readonly byDefault: unknown;
  readonly type: z.ZodType;
}

/** All keys, in the order of the schema. */
export const KEYS: readonly Key[] = collect();

const byPath = new Map(KEYS.map((key) => [key.path, key]));

export function findKey(path: string): Key | undefined {
  return byPath.get(path);
}

/** "client", "server" and so on: the tables of the file. */
export const SECTIONS: readonly string[] = [...new Set(KEYS.map(({ section }) => section))].filter(
  (name) => name !== '',
);

function collect(): Key[] {
  const keys: Key[] = [];
  for (const [name, type] of Object.entries(schema.shape)) {
    const inner = type instanceof z.ZodPrefault ? type.unwrap() : type;
    if (inner instanceof z.ZodObject) {
      for (const [key, leaf] of Object.entries(inner.shape)) keys.push(make(name, key, leaf as z.ZodType));
    } else {
      keys.push(make('', name, type));
    }
  }
  return keys;
}

function make(section: string, name: string, type: z.ZodType): Key {
  const path = section === '' ? name : `${section}.${name}`;
  const known = facts.get(type);
  if (known === undefined) throw new Error(`${path} has no facts`);
  const environment = `TEREDO_${path.replace('.', '_').toUpperCase()}`;
  return { ...known, path, section, name, environment, byDefault: type.parse(undefined), type };
}
