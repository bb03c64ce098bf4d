import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { TeredoError } from '../errors.ts';
import { numberFlag, usageError } from './flags.ts';
import { registerNat } from './lab-nat.ts';
import { Exit, paint, toleratePipes } from './terminal.ts';

interface RunOptions {
  readonly kernel?: boolean;
  readonly insideSandbox?: boolean;
  readonly seed: number;
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
    .argument('<NAME>', 'name of a scenario')
    .option('--seed <N>', 'seed of everything random', numberFlag('--seed', 0, 0xffffffff, 'a number'), 1)
    .option('--json', 'print the story as data')
    .option('--pcapng <FILE>', 'write the capture there (default: NAME.pcapng)')
    .option('--no-pcapng', 'write no capture')
    .option('--kernel', 'run it on this kernel: in network namespaces, with real daemons (Linux; no root needed)')
    .addOption(new Option('--inside-sandbox').hideHelp())
    .action(async (name: string, options: RunOptions) => run(name, options));
  registerNat(lab);
}

async function list(json: boolean): Promise<void> {
  toleratePipes();
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
  toleratePipes();
  const { scenarios } = await import('../lab/scenarios.ts');
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) {
    throw usageError('lab run', name, 'no such scenario', `one of: ${scenarios.map((known) => known.name).join(', ')}`);
  }
  if (options.kernel === true) {
    const { runOnKernel } = await import('./lab-kernel.ts');
    process.exitCode = await runOnKernel(scenario, options);
    return;
  }
  const { runSimulated } = await import('../lab/run.ts');
  const { tellResult } = await import('../lab/rows.ts');
  const result = runSimulated(scenario, options.seed);
  const chapters = tellResult(result);
  if (options.json === true) {
    const { toJson } = await import('../lab/json.ts');
    process.stdout.write(`${JSON.stringify(toJson(result, chapters))}\n`);
  } else {
    const { print } = await import('../lab/print.ts');
    const { makePaint } = await import('../lab/text.ts');
    const isColoured = paint('bold', 'x') !== 'x';
    process.stdout.write(print(result, chapters, process.stdout.columns ?? WIDTH, makePaint(isColoured)));
  }
  if (options.pcapng !== false) {
    const file = typeof options.pcapng === 'string' ? options.pcapng : `${scenario.name}.pcapng`;
    const { toPcapng } = await import('../lab/save.ts');
    save(file, toPcapng(result, chapters), options.json === true);
  }
  if (!result.isAsExpected) process.exitCode = Exit.Degraded;
}

function save(file: string, bytes: Uint8Array, isQuiet: boolean): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new TeredoError('TD-LAB-CAPTURE', `cannot write ${file}: ${cause}`, 'say --pcapng FILE or --no-pcapng');
  }
  if (!isQuiet)
    process.stdout.write(`\n ${file}: ${bytes.length} octets, every frame with its sentence as a comment.\n`);
}
