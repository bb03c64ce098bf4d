import type { Scenario } from '../lab/scenario.ts';
import { Exit, paint } from './terminal.ts';

export interface KernelRunOptions {
  readonly json?: boolean;
  /** This process is in the sandbox already. */
  readonly insideSandbox?: boolean;
}

/** Characters of a line when nobody tells. */
const WIDTH = 100;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a scenario in network namespaces; gives the exit status. `name`: as it was given, a file perhaps. */
export async function runOnKernel(scenario: Scenario, name: string, options: KernelRunOptions): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await (options.insideSandbox === true
      ? runInside(scenario, options, stop)
      : runOutside(name, options, stop));
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  }
}

/** The same command again, in namespaces of its own. */
async function runOutside(name: string, { json }: KernelRunOptions, stop: AbortController): Promise<number> {
  const { runInSandbox } = await import('../lab/kernel/sandbox.ts');
  const argv = ['lab', 'run', name, '--kernel', '--inside-sandbox', ...(json === true ? ['--json'] : [])];
  return runInSandbox(argv, stop.signal);
}

async function runInside(scenario: Scenario, { json }: KernelRunOptions, stop: AbortController): Promise<number> {
  const { Network } = await import('../lab/kernel/namespaces.ts');
  const lab = await import('../lab/kernel/run.ts');
  // The pipe ends with whoever started the sandbox.
  process.stdin.on('end', () => stop.abort()).on('error', () => stop.abort());
  process.stdin.resume();
  const network = new Network();
  const stopped = new Promise<undefined>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(undefined));
  });
  try {
    const running = lab.runOnKernel(scenario, network);
    running.catch(() => {}); // After an interruption, what was under way fails, and nobody waits for it.
    const result = await Promise.race([running, stopped]);
    if (result === undefined) {
      process.stderr.write('teredo: interrupted; nothing is left behind\n');
      return Exit.CannotRun;
    }
    const { kernelJson, printKernel } = await import('../lab/kernel/print.ts');
    if (json === true) {
      process.stdout.write(`${JSON.stringify(kernelJson(result))}\n`);
    } else {
      const { makePaint } = await import('../lab/text.ts');
      const isColoured = paint('bold', 'x') !== 'x';
      process.stdout.write(printKernel(result, process.stdout.columns ?? WIDTH, makePaint(isColoured)));
    }
    return result.isAsExpected ? Exit.Fine : Exit.Degraded;
  } finally {
    await network.close();
    process.stdin.destroy();
  }
}
