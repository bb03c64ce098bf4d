import type { Command } from 'commander';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { numberFlag } from './flags.ts';

interface DrainOptions {
  readonly socket?: string;
  readonly for?: number;
}

export function register(program: Command): void {
  program
    .command('drain')
    .description('end a relay or a server gently: it withdraws, or begins nothing new, serves on for a while, and ends')
    .option(...SOCKET_FLAG)
    .option(
      '--for <SECONDS>',
      'so long (default: 45, by when clients have found another)',
      numberFlag('--for', 0, 86_400, 'a number of seconds'),
    )
    .action(async (options: DrainOptions) => {
      const body = options.for === undefined ? {} : { seconds: options.for };
      const { seconds } = await (await ControlClient.to(options.socket)).post<{ seconds: number }>('/v1/drain', body);
      process.stdout.write(`draining: the process ends in ${seconds} s\n`);
    });
}
