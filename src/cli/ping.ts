import type { Command } from 'commander';
import type { TapRecord } from '../daemon/tap/record.ts';
import * as encapsulation from '../wire/encapsulation.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { formatEndpoint } from '../wire/text.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { addressFlag, numberFlag } from './flags.ts';
import { isBest, pathWords } from './tap/path.ts';
import { type Echoed, Pinger } from './tap/pinger.ts';
import { Exit, paint } from './terminal.ts';

/** Longer than bubbles are repeated (RFC 4380 §5.2.6). */
const TIMEOUT_MS = 8_000;
const COUNT_USUAL = 10;

interface PingOptions {
  readonly socket?: string;
  readonly count: number;
  readonly interval: number;
  readonly size: number;
  readonly untilDirect?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('ping')
    .description("echo requests inside the tunnel, in the running process's own name: by which way each answer comes")
    .argument(
      '<ADDRESS>',
      'an IPv6 address: of a Teredo client, or (asked of a client) any other',
      addressFlag('ADDRESS'),
    )
    .option(...SOCKET_FLAG)
    .option('--count <COUNT>', 'so many', numberFlag('--count', 1, 65_535, 'a number'), COUNT_USUAL)
    .option(
      '--interval <MS>',
      'so far apart',
      numberFlag('--interval', 100, 3_600_000, 'a number of milliseconds'),
      1_000,
    )
    .option('--size <OCTETS>', 'data in each', numberFlag('--size', 0, 1_232, 'a number of octets'), 56)
    .option('--until-direct', 'end with the first answer that comes straight, or through a relay from a native host')
    .option('--json', 'one JSON object a line')
    .action(ping);
}

async function ping(address: string, options: PingOptions): Promise<void> {
  const client = await ControlClient.to(options.socket);
  const { count, interval, size, untilDirect = false, json = false } = options;
  const pinger = await Pinger.open(client, { address, count, intervalMs: interval, timeoutMs: TIMEOUT_MS, size });
  const settled: Echoed[] = []; // Bounded by the count.
  let bubbles = { direct: 0, indirect: 0 };
  let isFirst = true;
  const head = () => {
    if (!json && isFirst)
      print(`Inside the tunnel, from ${pinger.source} (this ${pinger.role})\n                  to ${address}`);
    isFirst = false;
  };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await pinger.run(
    {
      heard: (record) => {
        const kind = bubbleKind(record, pinger);
        if (kind !== undefined) bubbles = { ...bubbles, [kind]: bubbles[kind] + 1 };
      },
      settled: (echoed) => {
        head();
        settled.push(echoed);
        print(json ? JSON.stringify(toJson(echoed, bubbles)) : line(echoed, bubbles, pinger.peer));
        bubbles = { direct: 0, indirect: 0 };
        return untilDirect && echoed.answer !== undefined && isBest(echoed.answer.path);
      },
    },
    stop.signal,
  );
  const answered = settled.filter(({ answer }) => answer !== undefined);
  const isFine = answered.length > 0 && (!untilDirect || answered.some(({ answer }) => isBest(answer!.path)));
  if (!isFine) process.exitCode = Exit.Degraded;
  print(json ? JSON.stringify(summaryJson(address, pinger, settled)) : summary(settled, pinger.peer));
}

type Bubbles = Readonly<Record<'direct' | 'indirect', number>>;

/** A bubble straight between the two, or by way of a server. */
function bubbleKind({ type, bytes, remote }: TapRecord, { servers }: Pinger): keyof Bubbles | undefined {
  if (type !== 'datagram') return undefined;
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  if (typeof parts === 'number' || !ipv6.isBubble(bytes, parts.packetAt)) return undefined;
  return remote.port === 3544 && (servers.has(remote.ipv4) || parts.originAt >= 0) ? 'indirect' : 'direct';
}

function line(echoed: Echoed, bubbles: Bubbles, peer: Uint8Array): string {
  const { sequence, answer, error } = echoed;
  const number = String(sequence).padStart(5);
  if (error !== undefined) return `${number}  ${paint('yellow', error)}`;
  if (answer === undefined)
    return `${number}  ${paint('yellow', `no answer${echoed.leftAt === undefined ? ': it never left, for no way was found' : ''}${told(bubbles)}`)}`;
  const ms = `${milliseconds(answer.at - echoed.sentAt)} ms`.padStart(11);
  const words = pathWords(answer.path, peer);
  return `${number}${ms}  ${isBest(answer.path) ? paint('green', words) : paint('yellow', words)}${held(echoed)}${told(bubbles)}`;
}

/** What waits for bubbles or for a test is not yet on its way. */
function held({ sentAt, leftAt }: Echoed): string {
  const ms = leftAt === undefined ? 0 : leftAt - sentAt;
  return ms < 1 ? '' : paint('dim', `, held back for ${milliseconds(ms)} ms`);
}

function told({ direct, indirect }: Bubbles): string {
  const parts = [
    ...(indirect === 0 ? [] : [`${indirect} by way of a server`]),
    ...(direct === 0 ? [] : [`${direct} direct`]),
  ];
  return parts.length === 0 ? '' : paint('dim', `\n       bubbles: ${parts.join(', ')}`);
}

function summary(settled: readonly Echoed[], peer: Uint8Array): string {
  const answered = settled.filter(({ answer }) => answer !== undefined);
  if (settled.length === 0) return 'Nothing was sent.';
  if (answered.length === 0)
    return paint('bold', `No answer to ${settled.length === 1 ? 'the one' : `any of ${settled.length}`}.`);
  const { least, mean, most } = figures(answered);
  const last = answered.at(-1)!.answer!.path;
  const times = `${milliseconds(least)} / ${milliseconds(mean)} / ${milliseconds(most)} ms (least, mean, most)`;
  return `${paint('bold', `${answered.length} of ${settled.length} answered`)}, ${times}\nnow ${pathWords(last, peer)}`;
}

function summaryJson(address: string, pinger: Pinger, settled: readonly Echoed[]): Record<string, unknown> {
  const answered = settled.filter(({ answer }) => answer !== undefined);
  const { least, mean, most } = figures(answered);
  const last = answered.at(-1)?.answer?.path;
  return {
    schemaVersion: 1,
    type: 'summary',
    role: pinger.role,
    source: pinger.source,
    address,
    sent: settled.length,
    answered: answered.length,
    leastMs: finite(least),
    meanMs: finite(mean),
    mostMs: finite(most),
    path: last?.type ?? null,
    endpoint: last === undefined ? null : formatEndpoint(last.endpoint.ipv4, last.endpoint.port),
  };
}

function toJson({ sequence, sentAt, leftAt, answer, error }: Echoed, bubbles: Bubbles): Record<string, unknown> {
  return {
    schemaVersion: 1,
    type: answer === undefined ? 'no-answer' : 'answer',
    sequence,
    time: new Date(sentAt).toISOString(),
    roundTripMs: answer === undefined ? null : exact(answer.at - sentAt),
    heldMs: leftAt === undefined ? null : exact(Math.max(0, leftAt - sentAt)),
    path: answer?.path.type ?? null,
    endpoint: answer === undefined ? null : formatEndpoint(answer.path.endpoint.ipv4, answer.path.endpoint.port),
    error: error ?? null,
    bubbles,
  };
}

function figures(answered: readonly Echoed[]) {
  const times = answered.map(({ sentAt, answer }) => answer!.at - sentAt);
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  return { least: Math.min(...times), mean, most: Math.max(...times) };
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? exact(ms) : null;
}

/** The clock is no finer than microseconds. */
function exact(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function milliseconds(ms: number): string {
  return ms < 9.995 ? ms.toFixed(2) : ms < 99.95 ? ms.toFixed(1) : ms.toFixed(0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
