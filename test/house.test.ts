import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The house: which folder of `src/` may import which (docs/architecture.md). A wrong arrow fails here. */

const SRC = resolve(dirname(fileURLToPath(import.meta.url)), '../src');
/** The page; it runs in a browser. */
const WEB = resolve(SRC, '../web/src');
/** What the page may import of `src/`; of the laboratory nothing that needs a kernel. */
const WEB_MAY_IMPORT = ['lab', 'sim', 'capture', 'wire', 'roles/role.ts'];
/** And these for their types alone: what a running daemon tells. */
const WEB_MAY_IMPORT_TYPES = [
  'daemon/status/status.ts',
  'daemon/control',
  'daemon/configuration/configuration-json.ts',
];

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

const sources = filesOf(SRC);
const page = filesOf(WEB);

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

test('the page imports the laboratory, the simulator and the formats, and nothing that needs Node', () => {
  const wrong = page.flatMap((file) => {
    const types = [...file.text.matchAll(/import type [^;]*? from '([^']+)'/g)].map((match) => match[1]!);
    return file.imports
      .filter((name) => name.startsWith('.'))
      .map((name) => ({ name, target: relative(SRC, resolve(WEB, dirname(file.path), name)) }))
      .filter(({ target }) => !target.startsWith('../web/src/'))
      .filter(({ name, target }) => !(types.includes(name) && isAmong(WEB_MAY_IMPORT_TYPES, target)))
      .filter(({ target }) => !isAmong(WEB_MAY_IMPORT, target) || target.startsWith('lab/kernel/'))
      .map(({ target }) => `${file.path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
  const inLaboratory = sources.filter(({ path }) => path.startsWith('lab/') && !path.startsWith('lab/kernel/'));
  const needNode = [...page, ...inLaboratory].filter(({ imports }) => imports.some((name) => name.startsWith('node:')));
  expect(needNode.map(({ path }) => path)).toEqual([]);
  expect(page.length).toBeGreaterThan(10);
});

test('what the page shows knows nothing of how it is shown', () => {
  const wrong = page
    .filter(({ folder, imports }) => folder === 'model' && imports.some((name) => name.includes('/views/')))
    .map(({ path }) => path);
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
  const long = [...sources, ...page].filter((source) => source.text.split('\n').length > 450);
  expect(long.map((source) => source.path)).toEqual([]);
});

function isAllowed(folder: string, target: string): boolean {
  if (folder === '') return true; // the library's face may reach everything
  return isAmong([folder, ...(MAY_IMPORT[folder] ?? [])], target);
}

function isAmong(allowed: readonly string[], target: string): boolean {
  return allowed.some((name) => target === name || target.startsWith(`${name}/`));
}

function filesOf(root: string): Source[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => read(root, name));
}

function read(root: string, name: string): Source {
  const text = readFileSync(join(root, name), 'utf8');
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
  return { path: name, folder: name.includes('/') ? name.slice(0, name.indexOf('/')) : '', text, imports };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
