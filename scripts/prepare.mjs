/** Makes a fresh clone ready to run: installs and builds what is missing or older than its sources, and says so. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of what a failed command said; the first errors explain the others. */
const LINES_MAX = 20;

const root = fileURLToPath(new URL('..', import.meta.url));

export function prepare() {
  const installed = modifiedAt('node_modules/.package-lock.json');
  if (installed < modifiedAt('package-lock.json')) run('npm', ['ci'], 'installing what package-lock.json names');
  if (modifiedAt('dist/.built') < Math.max(newestIn('src'), newestIn('wasm'), newestIn('web'))) {
    run('npm', ['run', '--silent', 'build'], 'building dist from src, wasm and web');
    writeFileSync(join(root, 'dist/.built'), '');
  }
}

/** Milliseconds; 0 when there is no such file. */
function modifiedAt(path) {
  const full = join(root, path);
  return existsSync(full) ? statSync(full).mtimeMs : 0;
}

/** The newest change below a folder, and of what else a build depends on. */
function newestIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(folder, entry.parentPath.slice(join(root, folder).length), entry.name));
  return Math.max(...['package.json', 'tsconfig.json', 'tsconfig.build.json', folder, ...files].map(modifiedAt));
}

function run(command, argv, what) {
  process.stderr.write(`${what}\n`);
  const { status, stdout, stderr } = spawnSync(command, argv, { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`${`${stdout}${stderr}`.split('\n').slice(0, LINES_MAX).join('\n')}\n`);
  process.stderr.write(`failed: ${[command, ...argv].join(' ')}\n`);
  process.exit(3);
}
