import * as z from 'zod';
import type { Objection } from './values.ts';

/** What people are told of a key, beside what its zod type says. */
export interface KeyFacts {
  /** How text (of a flag, of the environment) becomes a value. */
  readonly kind: 'yes-no' | 'number' | 'text' | 'list';
  /** What a value is, for "not ...". */
  readonly what: string;
  /** What a right value looks like. */
  readonly fix: string;
  readonly description: string;
  readonly unit: string;
  /** What holds when the key is left out and has no default of its own. */
  readonly otherwise: string;
  /** Whether SIGHUP applies a change; if not it waits for the next start. */
  readonly isLive: boolean;
  /** No code heeds it yet: whoever sets it is told so. */
  readonly isUnwired: boolean;
  /** Words that stand for whole lists: "all". */
  readonly names: Readonly<Record<string, readonly string[]>>;
}

/** What differs from key to key. */
interface Said {
  readonly otherwise?: string;
  readonly unit?: string;
  readonly live?: true;
  readonly unwired?: true;
}

/** The facts of each key, by its zod type. */
export const facts = z.registry<KeyFacts>();

export function yesNo(byDefault: boolean, description: string, said: Said = {}) {
  return key(z.boolean().default(byDefault), description, 'yes-no', 'true or false', 'write true or false', said);
}

/** A whole number. */
export function number(byDefault: number, range: Range, description: string, said: Said = {}) {
  const type = z.int().min(range.least).max(range.most).default(byDefault);
  return key(type, description, 'number', range.what, fixOf(range), said);
}

/** A whole number that may be left out. */
export function numberIfAny(range: Range, description: string, said: Said) {
  const type = z.int().min(range.least).max(range.most).optional();
  return key(type, description, 'number', range.what, fixOf(range), said);
}

export interface Range {
  readonly least: number;
  readonly most: number;
  /** "a UDP port". */
  readonly what: string;
}

function fixOf({ least, most }: Range): string {
  return `choose a whole number from ${least} to ${most}`;
}

/** A text that may be left out. */
export function textIfAny(check: (text: string) => Objection, description: string, said: Said) {
  return key(checked(check).optional(), description, 'text', 'a text', 'write it in quotes', said);
}

/** A program: its path, or its path and arguments as a list. Text (of a flag, of the environment) is a path. */
export function programIfAny(check: (text: string) => Objection, description: string, said: Said) {
  const type = z
    .union([z.string(), z.array(z.string()).min(1)])
    .check((context) => {
      const { value } = context;
      const isList = typeof value !== 'string';
      const path = isList ? value[0] : value;
      // An empty list has been objected to.
      const objection = path === undefined ? undefined : check(path);
      if (objection !== undefined) context.issues.push(issue(value, objection, isList ? [0] : []));
    })
    .optional();
  return key(type, description, 'text', 'a program', PROGRAM_FIX, said);
}

const PROGRAM_FIX = 'write "/path/of/it", or ["/path/of/it", "argument"]';

/** A text of this form. */
export function formed(pattern: RegExp, what: string, fix: string): (text: string) => Objection {
  return (value) => (pattern.test(value) ? undefined : { reason: `not ${what}`, fix });
}

export function oneOf<const T extends readonly [string, ...string[]]>(
  byDefault: T[number],
  values: T,
  what: string,
  description: string,
  said: Said = {},
) {
  const type = z.enum(values).default(byDefault as z.output<z.ZodEnum<{ [K in T[number]]: K }>>);
  return key(type, description, 'text', what, `choose ${choice(values)}`, said);
}

export function oneOfIfAny<const T extends readonly [string, ...string[]]>(
  values: T,
  what: string,
  description: string,
  said: Said,
) {
  return key(z.enum(values).optional(), description, 'text', what, `choose ${choice(values)}`, said);
}

/** A list of texts, each checked by itself. */
export function list(
  byDefault: readonly string[],
  most: number,
  check: (text: string) => Objection,
  description: string,
  said: Said = {},
) {
  const least = byDefault.length > 0 ? 1 : 0;
  const type = z
    .array(checked(check))
    .min(least)
    .max(most)
    .default([...byDefault]);
  return key(type, description, 'list', `a list of ${least} to ${most}`, 'write it as ["one", "other"]', said);
}

/** A list of some of these names; text may say "all" and "none" as well. */
export function someOf<const T extends readonly [string, ...string[]]>(
  byDefault: readonly T[number][],
  values: T,
  what: string,
  description: string,
  said: Said = {},
) {
  type Name = z.output<z.ZodEnum<{ [K in T[number]]: K }>>;
  const type = z.array(z.enum(values)).default([...byDefault] as Name[]);
  return key(type, description, 'list', what, `say "all", "none" or some of ${values.join(', ')}`, said, {
    all: values,
    none: [],
  });
}

function checked(check: (text: string) => Objection) {
  return z.string().check((context) => {
    const objection = check(context.value);
    if (objection !== undefined) context.issues.push(issue(context.value, objection));
  });
}

function issue(input: unknown, { reason, fix }: NonNullable<Objection>, path: number[] = []) {
  return { code: 'custom' as const, input, path, message: reason, params: { fix } };
}

function key<T extends z.ZodType>(
  type: T,
  description: string,
  kind: KeyFacts['kind'],
  what: string,
  fix: string,
  { unit = '', otherwise = '', live, unwired }: Said,
  names: KeyFacts['names'] = {},
): T {
  const isLive = live ?? false;
  const isUnwired = unwired ?? false;
  const described = type.meta({ description });
  facts.add(described, { kind, what, fix, description, unit, otherwise, isLive, isUnwired, names });
  return described;
}

function choice(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
