import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Known } from '../daemon/diagnosis/facts.ts';
import type { ProbedServer } from '../daemon/diagnosis/probe-servers.ts';
import { formatIpv4 } from '../wire/text.ts';
import { identifierFlag, serverArgument, usageError } from './flags.ts';
import { parseSecurity, type SecurityOptions } from './security-flags.ts';
import { Exit, paint } from './terminal.ts';
import { visible, wordsFor } from './words.ts';

interface ProbeOptions extends SecurityOptions {
  readonly list?: string;
  readonly json?: boolean;
}

/** Servers of one run at most: each is sent some twenty datagrams. */
const SERVERS_MAX = 64;

export function register(program: Command): void {
  program
    .command('probe-servers')
    .description('rank Teredo servers by real exchanges; needs no root')
    .argument('[SERVER...]', 'names or IPv4 addresses of Teredo servers')
    .option('--list <FILE>', 'file with a server in each line')
    .option('--identifier <ID>', 'client identifier for secure qualification', identifierFlag('--identifier'))
    .option('--secret-file <FILE>', 'file with its secret in the first line')
    .option('--json', 'print one JSON object')
    .action(async (names: string[], options: ProbeOptions) => {
      process.exitCode = await probe([...names, ...(options.list === undefined ? [] : listed(options.list))], options);
    });
}

async function probe(names: readonly string[], options: ProbeOptions): Promise<number> {
  const servers = [...new Set(names.map(serverArgument))];
  if (servers.length === 0 || servers.length > SERVERS_MAX) {
    throw usageError('SERVER', '', `${servers.length} servers`, `name 1 to ${SERVERS_MAX}, or give --list FILE`);
  }
  const security = parseSecurity(options);
  const [{ isUsable, probeServers }, { ProgressLine }] = await Promise.all([
    import('../daemon/diagnosis/probe-servers.ts'),
    import('./progress-line.ts'),
  ]);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  const progress = new ProgressLine();
  let done = 0;
  const tell = () =>
    progress.update({ done, total: servers.length, current: [`${done} of ${servers.length} servers`] });
  const probed = await probeServers(
    servers.map((name) => ({ name })),
    security,
    stop.signal,
    () => {
      done++;
      tell();
    },
  ).finally(() => progress.end());
  const best = probed.find(isUsable);
  if (options.json === true) process.stdout.write(`${JSON.stringify(asJson(probed, best))}\n`);
  else process.stdout.write(`${asText(probed, best)}\n`);
  return best === undefined ? Exit.Degraded : Exit.Fine;
}

function listed(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  } catch (error) {
    throw usageError('--list', path, wordsFor(error), 'name a readable file');
  }
}

function asJson(probed: readonly ProbedServer[], best: ProbedServer | undefined) {
  const servers = probed.map(({ primary, nameError, ...rest }) => ({
    ...rest,
    ...(primary === undefined ? { error: nameError } : { primary: formatIpv4(primary) }),
    loss: rest.sent === 0 ? null : 1 - rest.answered / rest.sent,
    medianMs: rest.medianMs ?? null,
  }));
  return { schemaVersion: 1, type: 'servers', best: best?.name ?? null, servers };
}

const HEAD = ['server', 'round trip', 'loss', 'second address', 'cone answers', 'secure'];

function asText(probed: readonly ProbedServer[], best: ProbedServer | undefined): string {
  const verdict =
    best === undefined ? 'No server can be used from here' : `${best.name} is the best of ${probed.length}`;
  const rows = [HEAD, ...probed.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells, index) => {
    const line = cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
    return index === 0 ? paint('dim', `  ${line}`) : `  ${visible(line)}`;
  });
  const notes = probed.flatMap(noteLines);
  const title = paint(['bold', best === undefined ? 'red' : 'green'], visible(verdict));
  return [title, '', ...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

function row({ name, medianMs, sent, answered, secondary, cone, secure }: ProbedServer): string[] {
  const rtt = medianMs === undefined ? 'unknown' : `${medianMs.toFixed(1)} ms`;
  const loss = sent === 0 ? 'unknown' : `${Math.round(100 - (100 * answered) / sent)} %`;
  return [name, rtt, loss, secondary.value, cone.value, secure.value];
}

/** Why something is unknown, or is not so; never a word without its reason. */
function noteLines({ name, nameError, medianMs, sent, secondary, cone, secure }: ProbedServer): string[] {
  const reason = (what: string, known: Known) => {
    if (known.value === 'unknown') return [`${what} unknown (${known.why})`];
    return known.value === 'no' ? [`${what} no (${known.detail ?? ''})`] : [];
  };
  const notes =
    nameError !== undefined
      ? [nameError]
      : [
          ...(medianMs === undefined ? [`round trip unknown (no answer in ${sent} tries)`] : []),
          ...reason('second address', secondary),
          ...reason('cone answers', cone),
          ...reason('secure', secure),
        ];
  return notes.map((note) => paint('dim', `  ${visible(`${name}: ${note}`)}`));
}
