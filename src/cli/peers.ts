import type { Command } from 'commander';
import type { PeerJson, PeersJson } from '../daemon/control/peer-json.ts';
import type { Status } from '../daemon/status/status.ts';
import { duration, number } from './columns.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { numberFlag } from './flags.ts';
import { columns, paint } from './terminal.ts';
import { watch } from './watch.ts';

/** Peers that are asked for at a time; more of them come page by page, in no order. */
const PAGE = 1_000;
const SHOWN_USUAL = 1_000;

interface PeersOptions {
  readonly socket?: string;
  readonly json?: boolean;
  readonly limit: number;
  readonly watch?: number | true;
}

export function register(program: Command): void {
  program
    .command('peers')
    .description('the list of recent peers: how each is reached, and when it was heard')
    .option(...SOCKET_FLAG)
    .option('--json', 'one JSON object a line for each peer')
    .option('--limit <COUNT>', 'no more than so many', numberFlag('--limit', 1, 2 ** 21, 'a number'), SHOWN_USUAL)
    .option(
      '--watch [SECONDS]',
      'again and again (default: every 2 s)',
      numberFlag('--watch', 1, 3_600, 'a number of seconds'),
    )
    .action(async (options: PeersOptions) => {
      const client = await ControlClient.to(options.socket);
      if (options.watch === undefined) return print(client, options);
      const everyMs = 1000 * (options.watch === true ? 2 : options.watch);
      await watch(everyMs, async () => {
        const lines: string[] = [];
        await list(client, options, (some) => void lines.push(...some));
        return lines;
      });
    });
}

async function print(client: ControlClient, options: PeersOptions): Promise<void> {
  await list(client, options, (lines) => {
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  });
}

/** Gives lines as they come: a million peers are told without being held. */
async function list(
  client: ControlClient,
  { json, limit }: PeersOptions,
  tell: (lines: readonly string[]) => void,
): Promise<void> {
  const { roles } = await client.get<Status>('/v1/status');
  const role = roles.findIndex((each) => each.role !== 'server');
  if (role < 0) return tell(json === true ? [] : ['A server keeps no list of peers.']);
  let shown = 0;
  let total = 0;
  for (let from: number | null = 0; from !== null && shown < limit; ) {
    const max = Math.min(PAGE, limit - shown);
    const page: PeersJson = await client.get<PeersJson>(`/v1/peers?role=${role}&from=${from}&max=${max}`);
    total = page.total;
    if (json === true) tell(page.peers.map((peer) => JSON.stringify({ schemaVersion: 1, ...peer })));
    else tell([...(from === 0 ? heading(page) : []), ...byRecency(page.peers).map(row)]);
    shown += page.peers.length;
    from = page.next;
  }
  if (json !== true && shown < total) tell([`... and ${number(total - shown)} more; "--limit" shows them`]);
}

function heading({ total, role }: PeersJson): string[] {
  const first = total === 1 ? '1 peer' : `${number(total)} peers`;
  const head = line('address', 'path', 'heard', 'sent', 'known');
  return [`The ${role} knows ${first}.`, ...(total === 0 ? [] : [paint('dim', head)])];
}

/** Within one page; a small list is one page. */
function byRecency(peers: readonly PeerJson[]): PeerJson[] {
  return [...peers].sort((a, b) => (a.heardAgoMs ?? Infinity) - (b.heardAgoMs ?? Infinity));
}

function row({ address, path, endpoint, trusted, heardAgoMs, sentAgoMs, knownForMs }: PeerJson): string {
  const way = endpoint === null ? 'none yet' : path === 'relay' ? 'relay' : path;
  const told = line(address, way, ago(heardAgoMs), ago(sentAgoMs), duration(knownForMs));
  const by = endpoint === null ? '' : `  ${path === 'relay' ? `through relay ${endpoint}` : `at ${endpoint}`}`;
  const note = `${by}${trusted ? '' : `${by === '' ? '  ' : ', '}not trusted`}`;
  const width = columns(80);
  const whole = `${told}${note}`;
  const text = whole.length <= width ? whole : `${told}\n  ${note}`;
  return trusted ? text : paint('dim', text);
}

function line(address: string, path: string, heard: string, sent: string, known: string): string {
  return `${address.padEnd(40)}${path.padEnd(9)}${heard.padEnd(10)}${sent.padEnd(10)}${known}`.trimEnd();
}

function ago(ms: number | null): string {
  return ms === null ? 'never' : duration(ms);
}
