import type { Command } from 'commander';
import { openBrowser } from './browser.ts';
import { ControlClient, SOCKET_FLAG, unreachable } from './control-client.ts';
import { numberFlag } from './flags.ts';
import { Exit, paint } from './terminal.ts';

interface WebOptions {
  readonly socket?: string;
  readonly port: number;
  readonly open?: boolean;
  readonly json?: boolean;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function register(program: Command): void {
  program
    .command('web')
    .description('the dashboard of a running process, in the browser')
    .option(...SOCKET_FLAG)
    .option('--port <N>', 'port on 127.0.0.1 (default: a free one)', numberFlag('--port', 0, 65_535, 'a port'), 0)
    .option('--open', 'open the browser too')
    .option('--json', 'print one JSON object with the address')
    .action(run);
}

/** Serves the page here and passes its questions to the control socket, so the process needs no configuration for it. */
async function run(options: WebOptions): Promise<void> {
  const { path } = await ControlClient.to(options.socket);
  const { servePage } = await import('../daemon/web/page-server.ts');
  const { socketUpstream } = await import('../daemon/web/socket-upstream.ts');
  const stopped = new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve());
  });
  const upstream = socketUpstream(path, (error) => unreachable(path, error));
  const server = await servePage({ port: options.port, index: 'dashboard.html', upstream });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type: 'web', url: server.url, socket: path })}\n`);
  } else {
    process.stdout.write(`The dashboard is at\n\n  ${paint('bold', server.url)}\n\n`);
    process.stdout.write('Whoever has this address can look, and nobody can change anything; it ends with Ctrl+C.\n');
  }
  if (options.open === true) openBrowser(server.url);
  await stopped;
  await server.close();
  process.exitCode = Exit.Fine;
}
