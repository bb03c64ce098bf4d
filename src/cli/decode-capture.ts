import { CaptureError } from '../capture/capture-error.ts';
import { CaptureReader } from '../capture/capture-reader.ts';
import { type Captured, dissect } from '../capture/datagram.ts';
import { frameAt } from '../capture/frame.ts';
import { type Client, type Row, Story, type Totals } from '../capture/story.ts';
import { wrap } from '../lab/text.ts';
import { formatEndpoint, formatIpv4 } from '../wire/text.ts';
import { type CapturedFields, capturedFields } from './capture-fields.ts';
import type { DecodeOptions } from './decode.ts';
import { usageError } from './flags.ts';
import { columns, Exit, paint } from './terminal.ts';
import { visible } from './words.ts';

interface Line extends Omit<Row, 'bytes'>, Partial<CapturedFields> {
  readonly frame: number;
  readonly length: number;
}

/** Where rows go. */
interface Reader {
  /** Rows kept for each client. */
  readonly limit: number;
  /** Told each row as it comes; then none is kept. */
  readonly onLine?: (line: Line, beginAt: number) => void;
  /** What a row has besides. */
  readonly more: (captured: Captured) => Partial<CapturedFields>;
}

interface Reading {
  readonly story: Story;
  /** Bounded by `limit` for each client. */
  readonly lines: Map<Client | undefined, Line[]>;
  /** Rows beyond the limit. */
  readonly left: Map<Client | undefined, number>;
  readonly frames: number;
  /** ms since 1970. */
  readonly beginAt: number;
  /** Why reading stopped before the end of the file. */
  readonly problem?: string;
}

/** Rows of one client that are printed without --all. */
const ROWS_MAX = 200;
/** Kinds that come by the hundred. */
const DATA = /^(TCP|UDP|echo|IPv6|translation)/;
const WIDTH_MIN = 60;
const WIDTH_MAX = 100;

/** Prints the story of a capture, client by client; status 1 when it holds no Teredo or is cut short. */
export function printCapture(path: string, chunks: Iterable<Uint8Array>, options: DecodeOptions): void {
  if (options.json === true && options.all === true) return streamJson(path, chunks);
  const limit = options.all === true ? Number.POSITIVE_INFINITY : ROWS_MAX;
  const reading = read(path, chunks, { limit, more: options.json === true ? capturedFields : () => ({}) });
  judge(reading);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(toJson(path, reading), undefined, 2)}\n`);
    return;
  }
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, columns(80)));
  const lines = wrap(visible(verdict(path, reading)), width).map((line) => paint('bold', line));
  if (reading.problem !== undefined) lines.push(paint('yellow', `The file is not whole: ${reading.problem}`));
  for (const client of [...reading.story.clients, undefined]) lines.push(...chapter(client, reading, width));
  lines.push('', ...totals(reading.story.totals));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function judge({ story, problem }: Reading): void {
  if (story.totals.teredo === 0 || problem !== undefined) process.exitCode = Exit.Degraded;
}

/** One JSON object all the same, but each row leaves as soon as it is told: a capture may be larger than memory. */
function streamJson(path: string, chunks: Iterable<Uint8Array>): void {
  let before = '{"rows":[\n';
  const onLine = (line: Line, beginAt: number) => {
    process.stdout.write(`${before}${JSON.stringify(rowJson(line, beginAt))}`);
    before = ',\n';
  };
  const reading = read(path, chunks, { limit: 0, onLine, more: capturedFields });
  judge(reading);
  const { rows: _rows, ...rest } = toJson(path, reading);
  const start = before.startsWith('{') ? before : '\n';
  process.stdout.write(`${start}],${JSON.stringify(rest).slice(1)}\n`);
}

function read(path: string, chunks: Iterable<Uint8Array>, { limit, onLine, more }: Reader): Reading {
  const reader = new CaptureReader();
  const story = new Story(reader.names);
  const lines: Reading['lines'] = new Map();
  const left: Reading['left'] = new Map();
  let frames = 0;
  let beginAt = 0;
  try {
    for (const frame of reader.frames(chunks)) {
      frames = frame.number;
      const at = frameAt(frame);
      if (frames === 1) beginAt = at;
      const captured = dissect(frame);
      const row = story.add({ ...captured, at, link: `${frame.interfaceIndex}` });
      if (row === undefined) continue;
      const { bytes, ...rest } = row;
      const line = { ...rest, frame: frame.number, length: bytes.length, ...more(captured) };
      if (onLine !== undefined) {
        onLine(line, beginAt);
        continue;
      }
      for (const client of row.other === undefined ? [row.client] : [row.client, row.other]) {
        const known = lines.get(client) ?? [];
        lines.set(client, known);
        if (known.length < limit) known.push(line);
        else left.set(client, (left.get(client) ?? 0) + 1);
      }
    }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    if (frames === 0) throw usageError('WHAT', path, error.message, advice(error.message));
    return { story, lines, left, frames, beginAt, problem: error.message };
  }
  return { story, lines, left, frames, beginAt };
}

/** 1f 8b is what gzip begins with. */
function advice(problem: string): string {
  return problem.includes('begins with 1f 8b') ? 'unpack it first ("gunzip -k FILE")' : 'name a pcap or pcapng file';
}

function verdict(path: string, { story, frames }: Reading): string {
  const { teredo, lookAlike } = story.totals;
  const clients = count(story.clients.length, 'client');
  const alike = lookAlike === 0 ? '' : `, ${count(lookAlike, 'look-alike')}`;
  if (teredo === 0) return `${path}: no Teredo in ${count(frames, 'frame')}${alike}`;
  return `${path}: ${clients}, ${count(teredo, 'Teredo datagram')} in ${count(frames, 'frame')}${alike}`;
}

function chapter(client: Client | undefined, reading: Reading, width: number): string[] {
  const lines = reading.lines.get(client) ?? [];
  if (lines.length === 0) return [];
  const text = ['', ...(client === undefined ? [paint('bold', 'Around')] : portrait(client)), ''];
  // What was said once of data is not said again: the turns of the protocol should stand out.
  const told = new Set<string>();
  let repeated = 0;
  for (const line of lines) {
    if (DATA.test(line.kind) && told.has(line.sentence)) {
      if (line.kind !== 'translation') repeated++;
      continue;
    }
    told.add(line.sentence);
    text.push(...more(repeated), ...paragraph(line, reading.beginAt, width));
    repeated = 0;
  }
  text.push(...more(repeated));
  const left = reading.left.get(client) ?? 0;
  if (left > 0) text.push(paint('dim', `          ... and ${count(left, 'more row')}; --all prints them`));
  return text;
}

function portrait(client: Client): string[] {
  const place = formatEndpoint(client.first.ipv4, client.first.port);
  const facts: [string, string | undefined][] = [
    ['Teredo address', client.address],
    ['mapped', client.mapped && formatEndpoint(client.mapped.ipv4, client.mapped.port)],
    ['NAT', client.nat ?? 'unknown (the capture does not tell)'],
    ['server', client.server === undefined ? undefined : formatIpv4(client.server)],
    ['relays', client.relays.size === 0 ? undefined : [...client.relays].join(', ')],
  ];
  return [
    paint('bold', client.name === undefined ? `Client ${place}` : visible(`${client.name}, ${place}`)),
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(15)} ${value}`])),
  ];
}

function paragraph(line: Line, beginAt: number, width: number): string[] {
  const time = ((line.at - beginAt) / 1_000).toFixed(3).padStart(9);
  const arrow = visible(`${line.from} > ${line.to}`);
  const indent = ' '.repeat(10);
  return [
    `${paint('dim', time)} ${paint('cyan', line.kind)}  ${paint('dim', arrow)}`,
    ...wrap(visible(line.sentence), width - indent.length).map((text) => `${indent}${text}`),
  ];
}

function more(repeated: number): string[] {
  return repeated === 0 ? [] : [paint('dim', `          (${repeated} more like these)`)];
}

function totals({ kinds, lookAlikes, others, copies }: Totals): string[] {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([, a], [, b]) => b - a).map(([name, times]) => `${String(times).padStart(8)}  ${name}`);
  const lines = kinds.size === 0 ? [] : [paint('bold', 'Teredo datagrams'), ...list(kinds)];
  if (lookAlikes.size > 0) lines.push(paint('bold', 'Look-alikes, by what gives them away'), ...list(lookAlikes));
  if (others.size > 0) lines.push(paint('bold', 'Other frames'), ...list(others));
  if (copies > 0) lines.push(paint('dim', `${count(copies, 'datagram')} seen once more on another wire`));
  return lines;
}

function toJson(path: string, { story, lines, left, frames, beginAt, problem }: Reading): Record<string, unknown> {
  const rows = [...new Set([...lines.values()].flat())].sort((a, b) => a.frame - b.frame);
  const sum = [...left.values()].reduce((total, times) => total + times, 0);
  return {
    schemaVersion: 1,
    type: 'capture',
    file: path,
    problem: problem ?? null,
    frames,
    beginAt: new Date(beginAt).toISOString(),
    clients: story.clients.map((client) => ({
      id: client.id,
      name: client.name ?? null,
      endpoint: formatEndpoint(client.first.ipv4, client.first.port),
      address: client.address ?? null,
      mapped: client.mapped === undefined ? null : formatEndpoint(client.mapped.ipv4, client.mapped.port),
      nat: client.nat ?? null,
      server: client.server === undefined ? null : formatIpv4(client.server),
      relays: [...client.relays],
      datagrams: client.datagrams,
    })),
    rows: rows.map((line) => rowJson(line, beginAt)),
    rowsLeftOut: sum,
    totals: {
      teredo: story.totals.teredo,
      octets: story.totals.teredoOctets,
      kinds: Object.fromEntries(story.totals.kinds),
      lookAlikes: Object.fromEntries(story.totals.lookAlikes),
      others: Object.fromEntries(story.totals.others),
      copies: story.totals.copies,
    },
  };
}

function rowJson({ client, other, at, ...row }: Line, beginAt: number): Record<string, unknown> {
  return { ...row, atMs: at - beginAt, client: client?.id ?? null, other: other?.id ?? null };
}

function count(times: number, what: string): string {
  return `${times} ${what}${times === 1 ? '' : 's'}`;
}
