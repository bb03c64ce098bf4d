import type { TapRecord } from '../../daemon/tap/record.ts';
import { wrap } from '../../lab/text.ts';
import { describe, describePacket } from '../../wire/describe.ts';
import { formatEndpoint } from '../../wire/text.ts';
import { capturedFields } from '../capture-fields.ts';
import { columns, paint } from '../terminal.ts';
import { visible } from '../words.ts';
import { sighting, type Told } from './tap-story.ts';

const WIDTH_MIN = 60;
const WIDTH_MAX = 100;
const INDENT = ' '.repeat(13);
/** Sentences that are remembered, so that none is told for every packet of a transfer. */
const TOLD_MAX = 1_000;

/** Tells records in words, or as JSON lines. */
export class RecordPrinter {
  readonly #json: boolean;
  readonly #roles: readonly string[];
  readonly #told = new Set<string>(); // Bounded by TOLD_MAX.

  constructor(json: boolean, roles: readonly string[]) {
    this.#json = json;
    this.#roles = roles;
  }

  print(record: TapRecord, row: Told | undefined): void {
    process.stdout.write(this.#json ? `${JSON.stringify(this.#toJson(record, row))}\n` : this.#text(record, row));
  }

  #text(record: TapRecord, row: Told | undefined): string {
    const time = new Date(record.at).toISOString().slice(11, 23);
    const { kind, from, to } = row ?? plain(record);
    const side = record.type === 'packet' ? ' at the interface' : '';
    const head = `${paint('dim', time)} ${paint('cyan', kind)}  ${paint('dim', visible(`${from} > ${to}${side}`))}\n`;
    if (row === undefined || this.#told.has(row.sentence)) return head;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(row.sentence);
    const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, columns(80)));
    return `${head}${wrap(visible(row.sentence), width - INDENT.length)
      .map((line) => `${INDENT}${line}\n`)
      .join('')}`;
  }

  #toJson(record: TapRecord, row: Told | undefined): Record<string, unknown> {
    const { kind, from, to, summary } = row ?? plain(record);
    const isDatagram = record.type === 'datagram';
    return {
      schemaVersion: 1,
      type: record.type,
      time: new Date(record.at).toISOString(),
      role: this.#roles[record.role] ?? null,
      direction: record.isOut ? 'out' : 'in',
      local: isDatagram ? formatEndpoint(record.local.ipv4, record.local.port) : null,
      remote: isDatagram ? formatEndpoint(record.remote.ipv4, record.remote.port) : null,
      length: record.length,
      kind,
      from,
      to,
      summary,
      sentence: row?.sentence ?? null,
      ...capturedFields(sighting(record)),
    };
  }
}

/** Of what is not in the story: neighbour discovery of the interface, strangers' datagrams. */
function plain(record: TapRecord) {
  const isDatagram = record.type === 'datagram';
  const { kind, summary } = isDatagram ? describe(record.bytes) : describePacket(record.bytes);
  const there = isDatagram ? formatEndpoint(record.remote.ipv4, record.remote.port) : 'the tunnel';
  const [from, to] = record.isOut ? ['this host', there] : [there, 'this host'];
  return { kind, summary, from, to };
}
