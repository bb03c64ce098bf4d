import type { Command } from 'commander';
import { openBrowser } from './browser.ts';
import { numberFlag, usageError } from './flags.ts';
import { Exit, paint } from './terminal.ts';

interface WebOptions {
  readonly port: number;
  readonly open?: boolean;
  readonly json?: boolean;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `teredo lab web`: the laboratory in a browser. */
export function registerWeb(lab: Command): void {
  lab
    .command('web')
    .description('watch a scenario in the browser')
    .argument('[NAME]', 'name of a scenario', 'walkthrough')
    .option('--port <N>', 'port on 127.0.0.1 (default: a free one)', numberFlag('--port', 0, 65_535, 'a port'), 0)
    .option('--open', 'open the browser too')
    .option('--json', 'print one JSON object with the address')
    .action(async (name: string, options: WebOptions) => run(name, options));
}

async function run(name: string, options: WebOptions): Promise<void> {
  const { scenarioByName, scenarios } = await import('../lab/scenarios.ts');
  if (scenarioByName(name) === undefined) {
    throw usageError('lab web', name, 'no such scenario', `one of: ${scenarios.map((known) => known.name).join(', ')}`);
  }
  const { servePage } = await import('../daemon/web/page-server.ts');
  const stopped = new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve());
  });
  const server = await servePage({ port: options.port });
  const url = name === 'walkthrough' ? server.url : `${server.url}#scenario=${name}`;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type: 'lab-web', url })}\n`);
  } else {
    process.stdout.write(`The laboratory is at\n\n  ${paint('bold', url)}\n\n`);
    process.stdout.write('Whoever has this address has the page; it ends with Ctrl+C.\n');
  }
  if (options.open === true) openBrowser(url);
  await stopped;
  await server.close();
  process.exitCode = Exit.Fine;
}
