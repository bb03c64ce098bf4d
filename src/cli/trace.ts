import type { Command } from 'commander';
import type { TapRecord } from '../daemon/tap/record.ts';
import { drawLadder } from '../lab/ladder.ts';
import { makePaint, wrap } from '../lab/text.ts';
import { formatEndpoint } from '../wire/text.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { addressFlag, numberFlag } from './flags.ts';
import { isBest, pathWords } from './tap/path.ts';
import { type Echoed, Pinger } from './tap/pinger.ts';
import { type TraceRow, traceColumns, traceRows } from './tap/trace-rows.ts';
import { columns, Exit, paint } from './terminal.ts';
import { visible } from './words.ts';

const INTERVAL_MS = 1_000;
const SECONDS_USUAL = 12;
/** A way that was found is shown in use by one more request. */
const ANSWERS = 2;
/** Datagrams that are kept; a search has a few dozen at most. */
const RECORDS_MAX = 1_000;
const WIDTH_MAX = 100;
const WIDTH_MIN = 60;

interface TraceOptions {
  readonly socket?: string;
  readonly seconds: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('trace')
    .description('how the way to one peer is found: bubbles, tests and answers as a ladder with times')
    .argument(
      '<ADDRESS>',
      'an IPv6 address: of a Teredo client, or (asked of a client) any other',
      addressFlag('ADDRESS'),
    )
    .option(...SOCKET_FLAG)
    .option(
      '--seconds <SECONDS>',
      'look for so long at most',
      numberFlag('--seconds', 1, 600, 'a number of seconds'),
      SECONDS_USUAL,
    )
    .option('--json', 'one JSON object')
    .action(trace);
}

async function trace(address: string, { socket, seconds, json }: TraceOptions): Promise<void> {
  const client = await ControlClient.to(socket);
  const pinger = await Pinger.open(client, {
    address,
    count: Math.max(ANSWERS, seconds),
    intervalMs: INTERVAL_MS,
    timeoutMs: INTERVAL_MS,
    size: 8,
  });
  const records: TapRecord[] = []; // Bounded by RECORDS_MAX.
  const settled: Echoed[] = []; // Bounded by the count.
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await pinger.run(
    {
      heard: (record) => {
        if (records.length < RECORDS_MAX) records.push(record);
      },
      settled: (echoed) => {
        settled.push(echoed);
        return settled.filter(({ answer }) => answer !== undefined && isBest(answer.path)).length >= ANSWERS;
      },
    },
    stop.signal,
  );
  const found = outcome(settled);
  if (found.best === undefined) process.exitCode = Exit.Degraded;
  const rows = traceRows(records, pinger, found.beginAt);
  const text =
    json === true ? JSON.stringify(toJson(address, pinger, found, rows)) : picture(address, pinger, found, rows);
  process.stdout.write(`${text}\n`);
}

/** What the requests came to. */
interface Outcome {
  /** ms since 1970. */
  readonly beginAt: number;
  /** The first that came by the best way. */
  readonly best: Echoed | undefined;
  /** The first that came at all. */
  readonly any: Echoed | undefined;
  /** What was said instead of an answer. */
  readonly error: string | undefined;
}

function outcome(settled: readonly Echoed[]): Outcome {
  const answered = settled.filter(({ answer }) => answer !== undefined).sort((a, b) => a.answer!.at - b.answer!.at);
  return {
    beginAt: Math.min(...settled.map(({ sentAt }) => sentAt)),
    best: answered.find(({ answer }) => isBest(answer!.path)),
    any: answered[0],
    error: settled.find(({ error }) => error !== undefined)?.error,
  };
}

function verdict({ best, any, error, beginAt }: Outcome, { peer }: Pinger, rows: readonly TraceRow[]): string {
  const found = best ?? any;
  if (found?.answer === undefined) return `No way was found${error === undefined ? '' : `: ${error}`}.`;
  const after = duration(found.answer.at - beginAt);
  const isKnown = !rows.some(
    ({ kind, at }) => (kind.endsWith('bubble') || kind === 'connectivity test') && at < found.answer!.at - beginAt,
  );
  const when = isKnown ? `known already, answers after ${after}` : `found after ${after}`;
  return `The way is ${pathWords(found.answer.path, peer)}: ${when}.`;
}

function picture(address: string, pinger: Pinger, found: Outcome, rows: readonly TraceRow[]): string {
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, columns(80)));
  const ends = [`from ${pinger.source} (this ${pinger.role})`, `to   ${address}`];
  const head = [...wrap(verdict(found, pinger, rows), width).map((line) => paint('bold', line)), ...ends, ''];
  if (rows.length === 0)
    return [...head, 'No datagram for it passed: "teredo status" tells how this process stands.'].join('\n');
  const isColoured = paint('bold', 'x') !== 'x';
  const told = rows.map((row) => ({ ...row, sentence: visible(row.sentence) }));
  const lines = drawLadder(traceColumns(rows, pinger.role), told, width, makePaint(isColoured));
  return [...head, ...lines].join('\n').trimEnd();
}

function toJson(address: string, pinger: Pinger, found: Outcome, rows: readonly TraceRow[]): Record<string, unknown> {
  const { best, any, error, beginAt } = found;
  const answer = (best ?? any)?.answer;
  return {
    schemaVersion: 1,
    type: 'trace',
    verdict: verdict(found, pinger, rows),
    role: pinger.role,
    source: pinger.source,
    address,
    beginAt: new Date(beginAt).toISOString(),
    path: answer?.path.type ?? null,
    endpoint: answer === undefined ? null : formatEndpoint(answer.path.endpoint.ipv4, answer.path.endpoint.port),
    foundAfterMs: answer === undefined ? null : Math.round(1_000 * (answer.at - beginAt)) / 1_000,
    error: error ?? null,
    rows: rows.map(({ number, at, from, to, kind, endpoint, summary, sentence }) => {
      return { number, atMs: Math.round(1_000 * at) / 1_000, from, to, kind, endpoint, summary, sentence };
    }),
  };
}

function duration(ms: number): string {
  return ms < 1_000 ? `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
