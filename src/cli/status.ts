import type { Command } from 'commander';
import type { Status } from '../daemon/status/status.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { numberFlag, usageError } from './flags.ts';
import { netsh } from './status-netsh.ts';
import { statusText } from './status-text.ts';
import { columns, Exit, paint } from './terminal.ts';
import { watch } from './watch.ts';
import { visible } from './words.ts';

const FORMATS = ['text', 'json', 'netsh'] as const;

interface StatusOptions {
  readonly socket?: string;
  readonly json?: boolean;
  readonly format?: (typeof FORMATS)[number];
  readonly watch?: number | true;
  readonly quiet?: boolean;
}

export function register(program: Command): void {
  program
    .command('status')
    .description('how a running client, server or relay stands; exit status 0: well, 1: not, 4: none answers')
    .option(...SOCKET_FLAG)
    .option('--json', 'the same facts as one JSON object')
    .option('--format <FORMAT>', 'text, json or netsh (what Windows prints, field for field)', format)
    .option('--watch [SECONDS]', 'again and again (default: every 2 s)', seconds)
    .option('--quiet', 'print nothing: for health checks')
    .action(async (options: StatusOptions) => {
      const client = await ControlClient.to(options.socket);
      const ask = () => client.get<Status>('/v1/status');
      if (options.watch !== undefined && options.quiet !== true) {
        const everyMs = 1000 * (options.watch === true ? 2 : options.watch);
        await watch(everyMs, async () => told(await ask(), options));
      }
      const status = await ask();
      if (options.quiet !== true && options.watch === undefined) {
        process.stdout.write(`${told(status, options).join('\n')}\n`);
      }
      process.exitCode = status.isWell ? Exit.Fine : Exit.Degraded;
    });
}

function told(status: Status, { json, format }: StatusOptions): string[] {
  if (json === true || format === 'json') return [JSON.stringify(status)];
  if (format === 'netsh') return netsh(status).trimEnd().split('\n').map(visible);
  return statusText(status, {
    width: Math.min(columns(80), 100),
    good: (text) => paint('green', text),
    bad: (text) => paint('yellow', text),
    faint: (text) => paint('dim', text),
  });
}

function format(value: string): (typeof FORMATS)[number] {
  const found = FORMATS.find((known) => known === value);
  if (found !== undefined) return found;
  throw usageError('--format', value, 'there is no such format', `say one of ${FORMATS.join(', ')}`);
}

function seconds(value: string): number {
  return numberFlag('--watch', 1, 3_600, 'a number of seconds')(value);
}
