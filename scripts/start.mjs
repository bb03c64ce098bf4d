/**
 * `npm start`: the walkthrough, from a fresh clone on.
 *
 * `npm start -- --list` lists the scenarios, `npm start -- NAME` runs another one; options go to `teredo lab run`.
 * `npm start -- --web` shows it in the browser (`teredo lab web`).
 */
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

// A test of this very script has been prepared by `npm test`; an installation in its midst would pull the rug away.
if (process.env.TEREDO_PREPARED === undefined) prepare();

const argv = process.argv.slice(2);
const verb = argv.includes('--list') ? 'list' : argv.includes('--web') ? 'web' : 'run';
const command = [verb, ...argv.filter((argument) => argument !== `--${verb}`)];

const { main } = await import('../dist/cli/main.js');
// Its advice names the program by its path, for that is what a clone has.
const program = fileURLToPath(new URL('../bin/teredo', import.meta.url));
process.exitCode = await main([process.argv[0], program, 'lab', ...command]);
