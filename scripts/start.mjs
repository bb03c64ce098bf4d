/**
 * `npm start`: the walkthrough, from a fresh clone on.
 *
 * `npm start -- --list` lists the scenarios, `npm start -- NAME` runs another one; all else goes to `teredo lab`.
 */
import { prepare } from './prepare.mjs';

prepare();

const argv = process.argv.slice(2);
const flags = argv.filter((argument) => argument !== '--list');
const named = flags.some((argument) => !argument.startsWith('-'));
const command = argv.includes('--list') ? ['list'] : ['run', ...(named ? [] : ['walkthrough'])];

const { main } = await import('../dist/cli/main.js');
process.exitCode = await main([process.argv[0], 'teredo', 'lab', ...command, ...flags]);
