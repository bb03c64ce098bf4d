import type { Command } from 'commander';
import type { Status } from '../daemon/status/status.ts';
import type { TapRecord } from '../daemon/tap/record.ts';
import { number } from './columns.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { addressFlag, choiceFlag, numberFlag } from './flags.ts';
import { CaptureFile } from './tap/capture-file.ts';
import { RecordPrinter } from './tap/record-printer.ts';
import { Tap } from './tap/tap-client.ts';
import { TapStory } from './tap/tap-story.ts';
import { Exit, paint } from './terminal.ts';

interface CaptureOptions {
  readonly socket?: string;
  readonly count?: number;
  readonly seconds?: number;
  readonly snap?: number;
  readonly peer?: string;
  readonly only?: string;
  readonly secrets?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('capture')
    .description('what passes in a running process, as it passes, as pcapng; each packet with its role in the story')
    .argument(
      '[FILE]',
      'where to; "-": standard output (the usual, unless that is a terminal: then it is told in words)',
    )
    .option(...SOCKET_FLAG)
    .option('--count <COUNT>', 'end after so many packets', numberFlag('--count', 1, 2 ** 31, 'a number'))
    .option('--seconds <SECONDS>', 'end after so long', numberFlag('--seconds', 1, 86_400, 'a number of seconds'))
    .option('--snap <OCTETS>', 'so many octets of each packet', numberFlag('--snap', 64, 262_144, 'a number of octets'))
    .option('--peer <ADDRESS>', 'only what this IPv6 address sends or gets', addressFlag('--peer'))
    .option(
      '--only <SIDE>',
      'only datagrams (udp), or only packets at the interface (tun)',
      choiceFlag('--only', ['udp', 'tun']),
    )
    .option('--secrets', 'with identifier and value of authentication headers, which are zeros otherwise')
    .option('--json', 'one JSON object a line for each packet, fields named as in tshark')
    .addHelpText('after', '\nLive in Wireshark:\n  teredo capture | wireshark -k -i -')
    .action(capture);
}

async function capture(file: string | undefined, options: CaptureOptions): Promise<void> {
  const { peer, snap, secrets, only, json, seconds, count = Number.POSITIVE_INFINITY } = options;
  const client = await ControlClient.to(options.socket);
  const { roles } = await client.get<Status>('/v1/status');
  const tells = json === true || (file === undefined && process.stdout.isTTY === true);
  const path = file ?? (tells ? undefined : '-');
  const tap = await Tap.open(client, { peer, snap, side: only, secrets });
  const output =
    path === undefined
      ? undefined
      : new CaptureFile(
          path,
          roles.map(({ role }) => role),
        );
  const printer = tells
    ? new RecordPrinter(
        json === true,
        roles.map(({ role }) => role),
      )
    : undefined;
  const stop = () => tap.finish();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  const timer = seconds === undefined ? undefined : setTimeout(stop, 1000 * seconds);
  const story = new TapStory();
  let packets = 0;
  const take = (record: TapRecord) => {
    packets++;
    const row = story.tell(record);
    output?.add(record, row?.sentence, tap.lost);
    printer?.print(record, row);
  };
  if (!tells) process.stderr.write(`${paint('dim', `capturing at ${client.path}; Ctrl-C ends it`, process.stderr)}\n`);
  try {
    for await (const records of tap.records()) {
      for (const record of records) if (packets < count) take(record);
      await output?.flush();
      if (packets >= count || output?.isClosed === true) tap.close();
    }
  } finally {
    clearTimeout(timer);
    tap.close();
    await output?.end(tap.lost);
    tellEnd(packets, tap.lost);
  }
  if (tap.lost > 0) process.exitCode = Exit.Degraded;
}

function tellEnd(packets: number, lost: number): void {
  const captured = packets === 1 ? '1 packet captured' : `${number(packets)} packets captured`;
  const missing = lost === 0 ? 'none lost' : `${number(lost)} lost, for this reader was too slow`;
  process.stderr.write(`${captured}, ${missing}\n`);
}
