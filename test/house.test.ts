import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The house: which folder of `src/` may import which (docs/architecture.md). A wrong arrow fails here. */

const SRC = resolve(dirname(fileURLToPath(import.meta.url)), '../src');

/** What a folder may import besides itself: folders, or single files of them. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  wire: [],
  batch: [],
  peers: ['wire'],
  roles: ['wire', 'batch', 'peers'],
  driver: ['batch', 'roles/role.ts'],
  io: ['driver', 'batch', 'roles/role.ts', 'errors.ts'],
  sim: ['wire', 'batch', 'peers', 'roles', 'driver'],
  capture: ['wire'],
  lab: ['sim', 'capture', 'daemon', 'io', 'batch', 'wire', 'roles/role.ts', 'roles/constants.ts', 'errors.ts'],
  daemon: ['roles', 'driver', 'io', 'batch', 'peers', 'wire', 'errors.ts'],
  cli: ['daemon', 'lab', 'capture', 'wire', 'roles/role.ts', 'roles/constants.ts', 'errors.ts'],
};

/** Folders whose code also runs in a browser, or must be repeatable: nothing of the operating system. */
const WITHOUT_NODE = new Set(['wire', 'batch', 'peers', 'roles', 'driver', 'sim', 'capture']);
/** Folders in which everything happens at once: promises belong to what waits for the world. */
const SYNCHRONOUS = new Set(['wire', 'batch', 'peers', 'roles', 'driver', 'sim']);
/** Clocks and entropy that would make two runs differ. */
const UNREPEATABLE = /\b(Date\.now|new Date|Math\.random|performance\.now|setTimeout|setInterval|process\.hrtime)\b/;

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map(read);

test('every import points along an arrow of the house', () => {
  const wrong = sources.flatMap((source) =>
    source.imports
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(SRC, resolve(SRC, dirname(source.path), name)))
      .filter((target) => !isAllowed(source.folder, target))
      .map((target) => `${source.path} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('the protocol, the simulator and the capture formats know nothing of Node', () => {
  const wrong = sources
    .filter((source) => WITHOUT_NODE.has(source.folder))
    .flatMap((source) =>
      source.imports.filter((name) => name.startsWith('node:')).map((name) => `${source.path}: ${name}`),
    );
  expect(wrong).toEqual([]);
});

test('nothing between the ports reads a clock, draws its own random numbers or waits', () => {
  const wrong = sources
    .filter((source) => SYNCHRONOUS.has(source.folder))
    .filter(
      (source) => UNREPEATABLE.test(source.text) || /\b(async|await|Promise)\b/.test(withoutComments(source.text)),
    )
    .map((source) => source.path);
  expect(wrong).toEqual([]);
});

test('roles and wire never log and never throw', () => {
  const wrong = sources
    .filter((source) => source.folder === 'roles' || source.folder === 'wire')
    .filter((source) => /\b(console\.|throw )/.test(withoutComments(source.text)))
    .map((source) => source.path);
  expect(wrong).toEqual([]);
});

test('a file is a sitting: none has more than 450 lines', () => {
  expect(sources.filter((source) => source.text.split('\n').length > 450).map((source) => source.path)).toEqual([]);
});

function isAllowed(folder: string, target: string): boolean {
  if (folder === '') return true; // the library's face may reach everything
  const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
  return allowed.some((name) => target === name || target.startsWith(`${name}/`));
}

function read(name: string): Source {
  const text = readFileSync(join(SRC, name), 'utf8');
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
  return { path: name, folder: name.includes('/') ? name.slice(0, name.indexOf('/')) : '', text, imports };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
