import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandTree, everyCommand } from '../../src/cli/command-tree.ts';
import { makeProgram } from '../../src/cli/main.ts';
import { commandsPage } from '../../src/cli/manual/commands-page.ts';
import { configurationPage } from '../../src/cli/manual/configuration-page.ts';
import { text } from '../../src/cli/manual/roff.ts';
import { version } from '../../src/cli/version.ts';
import { KEYS } from '../../src/daemon/configuration/keys.ts';

const tree = commandTree(makeProgram());

test('man/ is what "npm run manual" writes (after a build)', () => {
  expect(readFileSync('man/teredo.1', 'utf8')).toBe(commandsPage(tree, version()));
  expect(readFileSync('man/teredo.toml.5', 'utf8')).toBe(configurationPage(version()));
});

test('the package brings both pages', () => {
  const { man, files } = JSON.parse(readFileSync('package.json', 'utf8')) as { man: string[]; files: string[] };
  expect(man).toEqual(['man/teredo.1', 'man/teredo.toml.5']);
  expect(files).toContain('man');
});

test('teredo(1) has every command with every option, teredo.toml(5) every key', () => {
  const page = commandsPage(tree, version());
  const commands = [...everyCommand(tree)].filter(({ path }) => path !== '' && path !== 'help');
  expect(commands.map(({ path }) => path)).toEqual(expect.arrayContaining(['client', 'config check', 'lab run']));
  for (const { path, commands: subs, options } of commands) {
    expect(page).toContain(`.SS ${text(`teredo ${path}`)}\n`);
    if (subs.length > 0) continue;
    for (const { names, flags } of options) {
      if (!names.includes('--help')) expect(page).toContain(`\n\\fB${text(flags)}\\fR\n`);
    }
  }
  const configuration = configurationPage(version());
  for (const key of KEYS) expect(configuration).toContain(`\nEnvironment: ${key.environment}`);
});

test('what roff would take for a command, an escape or a typographic sign stands as it is', () => {
  expect(text('.so /etc/passwd')).toBe('\\&.so /etc/passwd');
  expect(text("'quoted' --flag \\n")).toBe("\\&'quoted' \\-\\-flag \\en");
});
