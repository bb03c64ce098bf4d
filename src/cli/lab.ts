import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { TeredoError } from '../errors.ts';
import type { Result } from '../lab/result.ts';
import type { Scenario } from '../lab/scenario.ts';
import { numberFlag, usageError } from './flags.ts';
import { registerNat } from './lab-nat.ts';
import { registerWeb } from './lab-web.ts';
import { columns, Exit, paint } from './terminal.ts';
import { visible, wordsFor } from './words.ts';

interface RunOptions {
  readonly kernel?: boolean;
  readonly insideSandbox?: boolean;
  readonly seed?: number;
  readonly json?: boolean;
  /** A file name; true: the scenario's own; false: none. */
  readonly pcapng: string | boolean;
}

/** Characters of a line when nobody tells. */
const WIDTH = 100;

export function register(program: Command): void {
  const lab = program.command('lab').description('watch Teredo work in a simulated internet');
  lab
    .command('list')
    .description('list the scenarios')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => list(options.json === true));
  lab
    .command('run')
    .description('run a scenario and tell its story')
    .argument('[NAME]', 'name of a scenario, two NATs ("cone-to-symmetric"), or FILE.json', 'walkthrough')
    .option(
      '--seed <N>',
      'seed of everything random (default: 1, or what the file says)',
      numberFlag('--seed', 0, 0xffffffff, 'a seed'),
    )
    .option('--json', 'print the story as data')
    .option('--pcapng <FILE>', 'write the capture there (default: NAME.pcapng)')
    .option('--no-pcapng', 'write no capture')
    .option('--kernel', 'run it on this kernel: in network namespaces, with real daemons (Linux; no root needed)')
    .addOption(new Option('--inside-sandbox').hideHelp())
    .action(async (name: string, options: RunOptions) => run(name, options));
  registerWeb(lab);
  registerNat(lab);
}

async function list(json: boolean): Promise<void> {
  const { scenarios } = await import('../lab/scenarios.ts');
  if (json) {
    const data = scenarios.map(({ name, title, about }) => ({ name, title, about }));
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type: 'lab-list', scenarios: data })}\n`);
    return;
  }
  const longest = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, title } of scenarios) process.stdout.write(`${paint('bold', name.padEnd(longest))}  ${title}\n`);
}

async function run(name: string, options: RunOptions): Promise<void> {
  if (options.pcapng === '-') {
    throw usageError('--pcapng', '-', 'standard output has the story', 'name a file');
  }
  const { scenario, seed } = await find(name);
  if (options.kernel === true) {
    const { runOnKernel } = await import('./lab-kernel.ts');
    process.exitCode = await runOnKernel(scenario, name, options);
    return;
  }
  const { runSimulated } = await import('../lab/run.ts');
  const { tellResult } = await import('../lab/rows.ts');
  const result = simulated(() => runSimulated(scenario, options.seed ?? seed), name);
  const chapters = tellResult(result);
  if (options.json === true) {
    const { toJson } = await import('../lab/json.ts');
    process.stdout.write(`${JSON.stringify(toJson(result, chapters))}\n`);
  } else {
    const { print } = await import('../lab/print.ts');
    const { makePaint } = await import('../lab/text.ts');
    const isColoured = paint('bold', 'x') !== 'x';
    process.stdout.write(print(result, chapters, columns(WIDTH), makePaint(isColoured)));
  }
  if (options.pcapng !== false) {
    const file = typeof options.pcapng === 'string' ? options.pcapng : `${scenario.name}.pcapng`;
    const { toPcapng } = await import('../lab/save.ts');
    save(file, toPcapng(result, chapters), options.json === true);
  }
  if (!result.isAsExpected) process.exitCode = Exit.Degraded;
}

/** A scenario that somebody wrote may name what it does not have; that is no mistake of ours. */
function simulated(run: () => Result, name: string): Result {
  try {
    return run();
  } catch (error) {
    if (!name.endsWith('.json')) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new TeredoError('TD-USAGE-SCENARIO', `${name}: ${reason}`, 'mend the scenario');
  }
}

/** By its name, or from a file that the page saved. */
async function find(name: string): Promise<{ readonly scenario: Scenario; readonly seed: number }> {
  const { scenarioByName, scenarios } = await import('../lab/scenarios.ts');
  const known = scenarioByName(name);
  if (known !== undefined) return { scenario: known, seed: 1 };
  if (!name.endsWith('.json')) {
    throw usageError('lab run', name, 'no such scenario', `one of: ${scenarios.map((one) => one.name).join(', ')}`);
  }
  const { parseScenarioFile } = await import('../lab/scenario-file.ts');
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    throw usageError('lab run', name, wordsFor(error), 'name a readable file');
  }
  return parseScenarioFile(text, name);
}

/** A file that is there is whole: a disk that fills up meanwhile leaves the old one, or none. */
function save(file: string, bytes: Uint8Array, isQuiet: boolean): void {
  // A device or a pipe cannot be replaced, and has no old octets to lose.
  const isReplaced = statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
  const place = isReplaced ? `${file}.${process.pid}.part` : file;
  try {
    writeFileSync(place, bytes);
    if (isReplaced) renameSync(place, file);
  } catch (error) {
    if (isReplaced) rmSync(place, { force: true });
    const next = 'say --pcapng FILE or --no-pcapng';
    throw new TeredoError('TD-LAB-CAPTURE', `cannot write ${file}: ${wordsFor(error)}`, next);
  }
  if (!isQuiet) {
    const about = `${bytes.length} octets, each datagram with its sentence as a comment`;
    process.stdout.write(`\n ${visible(file)}: ${about}.\n`);
  }
}
