// Writes man/teredo.1 and man/teredo.toml.5 from the commands and the schema of teredo.toml. Needs a build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { commandTree } from '../dist/cli/command-tree.js';
import { makeProgram } from '../dist/cli/main.js';
import { commandsPage } from '../dist/cli/manual/commands-page.js';
import { configurationPage } from '../dist/cli/manual/configuration-page.js';
import { version } from '../dist/cli/version.js';

mkdirSync('man', { recursive: true });
writeFileSync('man/teredo.1', commandsPage(commandTree(makeProgram()), version()));
writeFileSync('man/teredo.toml.5', configurationPage(version()));
