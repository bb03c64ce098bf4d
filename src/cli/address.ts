import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { TeredoError } from '../errors.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { numberFlag } from './flags.ts';
import { Exit, reportError } from './terminal.ts';

const PAUSE_MS = 250;

interface AddressOptions {
  readonly socket?: string;
  readonly wait?: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('address')
    .description('print the Teredo address and nothing else; exit status 1: there is none')
    .option(...SOCKET_FLAG)
    .option('--wait <SECONDS>', 'wait so long for one', numberFlag('--wait', 1, 86_400, 'a number of seconds'))
    .option('--json', 'as a JSON object')
    .action(async (options: AddressOptions) => {
      const address = await find(options);
      if (address !== undefined) {
        const text = options.json === true ? JSON.stringify({ schemaVersion: 1, address }) : address;
        process.stdout.write(`${text}\n`);
        return;
      }
      const next = 'see "teredo status"; --wait SECONDS waits for one';
      reportError(new TeredoError('TD-NO-ADDRESS', 'there is no Teredo address now', next), options.json === true);
      process.exitCode = Exit.Degraded;
    });
}

/** Undefined: there is none, and it has been waited long enough. A process that does not run yet may be on its way. */
async function find({ socket, wait = 0 }: AddressOptions): Promise<string | undefined> {
  const deadlineAt = performance.now() + 1000 * wait;
  for (;;) {
    try {
      const { address } = await (await ControlClient.to(socket)).get<{ address: string | null }>('/v1/address');
      if (address !== null) return address;
      if (performance.now() >= deadlineAt) return undefined;
    } catch (error) {
      const isAway = error instanceof TeredoError && error.code === 'TD-NOT-REACHABLE';
      if (!isAway || performance.now() >= deadlineAt) throw error;
    }
    await delay(PAUSE_MS);
  }
}
