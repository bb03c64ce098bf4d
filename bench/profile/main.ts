/**
 * Where the time goes while TCP runs through client and relay: perf's samples of both as shares and as a flame graph.
 *
 * Needs what the benchmark needs and perf (Debian: linux-perf), and root.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../src/lab/kernel/commands.ts';
import { parseThroughput } from '../measures/tcp.ts';
import { programs } from '../programs.ts';
import { build, type Side, tearDown, warmUp } from '../scene.ts';
import { flameGraph } from './flame-graph.ts';
import { parseStacks, type Stack, shares } from './stacks.ts';

const USAGE = 'npm run bench:profile -- [--down] [--flows N] [--svg FILE]\n';
const SAMPLES_PER_SECOND = '997';
const WARM_UP_SECONDS = 2;
const SECONDS = 6;
const SCRIPT_MS = 120_000;

/** Exit status: 0 measured, 2 the command line cannot be meant. */
export async function main(argv: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parse(argv);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const interrupt = () => process.exit(130);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  // Programs of ours write down which address is which function, for perf to read.
  process.env.NODE_OPTIONS = '--perf-basic-prof';
  const scene = await build();
  const side = scene.sides.find(({ name }) => name === 'ours')!;
  try {
    await warmUp(side);
    const { stacks, mbits } = await sample(side, options);
    const way = options.down ? 'down' : 'up';
    const title = `TCP ${way}, ${options.flows} flow${options.flows === 1 ? '' : 's'}, ${Math.round(mbits)} Mbit/s: client and relay`;
    process.stdout.write(`${title}\n`);
    for (const { name, share } of shares(stacks)) {
      process.stdout.write(`${(100 * share).toFixed(1).padStart(6)} %  ${name}\n`);
    }
    if (options.svg !== undefined) writeFileSync(options.svg, flameGraph(title, stacks));
    return 0;
  } finally {
    await tearDown(scene);
    removeMaps(programs(side).map(({ pid }) => pid));
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

interface Options {
  readonly down: boolean;
  readonly flows: number;
  readonly svg: string | undefined;
}

function parse(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { down: { type: 'boolean', default: false }, flows: { type: 'string' }, svg: { type: 'string' } },
  });
  const flows = values.flows ?? '8';
  if (!/^[1-9]\d?$/.test(flows)) throw new Error(`--flows ${flows}: write a number from 1 to 99`);
  return { down: values.down, flows: Number(flows), svg: values.svg };
}

/** Runs the load, and perf beside its steady part. */
async function sample(side: Side, { down, flows }: Options): Promise<{ stacks: Stack[]; mbits: number }> {
  const names = new Map([
    [side.client.process.pid, 'client'],
    [side.native.relay.pid, 'relay'],
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'teredo-profile-'));
  const file = join(folder, 'perf.data');
  const server = side.native.host.start([
    'iperf3',
    '--server',
    '--one-off',
    '--forceflush',
    '--bind',
    side.native.address,
  ]);
  try {
    await server.printed(/listening/);
    const seconds = WARM_UP_SECONDS + SECONDS;
    const load = [
      'iperf3',
      '--client',
      side.native.address,
      '--json',
      '--set-mss',
      '1220',
      '--parallel',
      String(flows),
    ];
    load.push('--time', String(seconds + 1), ...(down ? ['--reverse'] : []));
    const perf = ['perf', 'record', '-e', 'cpu-clock', '-F', SAMPLES_PER_SECOND, '-g', '-o', file];
    perf.push('-D', String(WARM_UP_SECONDS * 1000), '-p', [...names.keys()].join(','), '--', 'sleep', String(seconds));
    const [result] = await Promise.all([
      run(['ip', 'netns', 'exec', side.client.host.fullName, ...load], '', (seconds + 20) * 1000),
      run(perf, '', (seconds + 20) * 1000),
    ]);
    const script = await run(['perf', 'script', '-i', file, '-F', 'pid,ip,sym,dso'], '', SCRIPT_MS);
    return { stacks: parseStacks(script, names), mbits: parseThroughput(result) };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** V8 leaves the map that perf reads, and a log beside it. */
function removeMaps(pids: readonly number[]): void {
  for (const pid of pids) rmSync(`/tmp/perf-${pid}.map`, { force: true });
  const logs = readdirSync('.').filter((name) => pids.some((pid) => name.endsWith(`-${pid}-v8.log`)));
  for (const log of logs) rmSync(log, { force: true });
}
