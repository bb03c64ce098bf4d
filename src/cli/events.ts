import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { EventJson } from '../daemon/control/event-feed.ts';
import { TeredoError } from '../errors.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { numberFlag } from './flags.ts';
import { paint } from './terminal.ts';
import { visible } from './words.ts';

interface EventsOptions {
  readonly socket?: string;
  readonly json?: boolean;
  readonly past?: boolean;
  readonly count?: number;
}

export function register(program: Command): void {
  program
    .command('events')
    .description('what happens in a running process, as it happens')
    .option(...SOCKET_FLAG)
    .option('--json', 'one JSON object a line')
    .option('--past', 'what has happened of late first (the last 256)')
    .option('--count <COUNT>', 'end after so many', numberFlag('--count', 1, 1_000_000, 'a number'))
    .action(async (options: EventsOptions) => {
      const { path, response } = await open(options);
      process.once('SIGINT', () => response.destroy());
      let count = 0;
      try {
        for await (const line of createInterface({ input: response })) {
          if (line === '') continue;
          print(JSON.parse(line) as EventJson, line, options.json === true);
          if (++count === options.count) return;
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
      } finally {
        response.destroy();
      }
      throw new TeredoError(
        'TD-NOT-REACHABLE',
        `the process behind ${path} has ended`,
        'look at its log for the reason',
      );
    });
}

async function open({ socket, past }: EventsOptions) {
  const client = await ControlClient.to(socket);
  return { path: client.path, response: await client.open(`/v1/events${past === true ? '?after=0' : ''}`) };
}

/** Events without words are for programs: a busy relay meets a peer every millisecond. */
function print(event: EventJson, line: string, json: boolean): void {
  if (json) {
    process.stdout.write(`${line}\n`);
    return;
  }
  const time = paint('dim', new Date(String(event.time)).toTimeString().slice(0, 8));
  const lost = Number(event.lost ?? 0);
  if (lost > 0)
    process.stdout.write(`${time} ${paint('yellow', `${lost} events were lost: this reader is too slow`)}\n`);
  for (const text of event.text) process.stdout.write(`${time} ${visible(text)}\n`);
}
