/**
 * The benchmark: ours and Miredo in one network of namespaces, in turn, so that both meet the same moods of the
 * machine. Every load is bounded in rate and time, and nothing leaves the namespaces.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { succeeds } from '../src/lab/kernel/commands.ts';
import type { Group } from './group.ts';
import { machine, versions } from './machine.ts';
import { idle } from './measures/idle.ts';
import { memory, peers } from './measures/memory.ts';
import { page } from './measures/page.ts';
import { roundTrip } from './measures/round-trip.ts';
import { solicitations } from './measures/solicitations.ts';
import { startUp } from './measures/start-up.ts';
import { tcp } from './measures/tcp.ts';
import { udp } from './measures/udp.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { writePage } from './page.ts';
import { type Report, Results } from './report.ts';
import { build, type Scene, tearDown } from './scene.ts';
import { formatReport } from './table.ts';

/** Memory and idle first, while the programs are as they were started. */
const GROUPS: readonly Group[] = [memory, idle, tcp, udp, roundTrip, solicitations, startUp, page, peers];

/** Each program, and how to ask whether it is there. */
const NEEDS: readonly (readonly string[])[] = [
  ['ip', '-V'],
  ['nft', '--version'],
  ['ethtool', '--version'],
  ['ping', '-V'],
  ['iperf3', '--version'],
  ['miredo', '-V'],
  ['miredo-server', '-V'],
];

/** Exit status: 0 measured, 1 a measure failed, 2 the command line cannot be meant, 3 the machine lacks something. */
export async function main(argv: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(
      argv,
      GROUPS.map(({ name }) => name),
    );
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const missing = lack();
  if (missing !== undefined) {
    say(`the benchmark needs ${missing}`);
    return 3;
  }
  const load = loadavg()[0]!;
  if (load > 0.5) say(`the machine is at work already (load ${load.toFixed(1)}): only ratios mean something`);

  // The network ends with this process (see Network), if only the process ends by its own will.
  const interrupt = () => process.exit(130);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const scene = await build();
  try {
    const report = await measure(scene, options, argv);
    process.stdout.write(`${formatReport(report)}\n`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    if (options.page) writePage(report);
    return 0;
  } catch (error) {
    say(`${(error as Error).stack}\n${await scene.island.network.report()}`);
    return 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await tearDown(scene);
  }
}

async function measure(scene: Scene, options: Options, argv: readonly string[]): Promise<Report> {
  const results = new Results();
  for (const group of GROUPS) {
    if (options.only !== undefined && !options.only.includes(group.name)) continue;
    const startAt = performance.now();
    for (let round = 0; round < options.repetitions; round++) await group.repeat({ scene, results, options });
    say(`${group.name}: ${((performance.now() - startAt) / 1000).toFixed(0)} s`);
  }
  return {
    format: 1,
    date: new Date().toISOString(),
    machine: machine(),
    versions: await versions(),
    command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
    repetitions: options.repetitions,
    rows: results.rows,
  };
}

function lack(): string | undefined {
  if (process.platform !== 'linux') return 'Linux';
  if (process.getuid?.() !== 0) return 'root, for it makes network namespaces';
  return NEEDS.find((argv) => !succeeds(argv))?.[0];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
