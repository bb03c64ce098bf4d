import type { Command } from 'commander';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';

export function register(program: Command): void {
  program
    .command('reset')
    .description('forget all peers; a client qualifies again, with a new address')
    .option(...SOCKET_FLAG)
    .action(async ({ socket }: { readonly socket?: string }) => {
      await (await ControlClient.to(socket)).post('/v1/reset');
      process.stdout.write('reset: everything is forgotten; "teredo status" tells how it goes on\n');
    });
}
