import type { TapRecord } from '../../daemon/tap/record.ts';
import type { LadderColumn, LadderRow } from '../../lab/ladder.ts';
import type { Endpoint } from '../../roles/role.ts';
import * as encapsulation from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatEndpoint } from '../../wire/text.ts';
import type { Pinger } from './pinger.ts';
import { TapStory } from './tap-story.ts';

/** One datagram of the search for a way. */
export interface TraceRow extends LadderRow {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly summary: string;
  /** The other end of the datagram. */
  readonly endpoint: string;
}

const PORT = 3544;
/** Like the names of the laboratory: short, for they head columns. */
const OWN_SERVER = 'server';
const PEERS_SERVER = "peer's server";

/**
 * The datagrams between a client, or a relay, and one peer as rows of a ladder.
 *
 * Shape:  `beginAt` is ms since 1970; rows count from there. Native peers are behind relays: bubbles with relays that
 *         carried nothing for the peer are left out, if it is known which did.
 */
export function traceRows(records: readonly TapRecord[], pinger: Pinger, beginAt: number): TraceRow[] {
  const datagrams = records.filter(({ type }) => type === 'datagram');
  const relays = relaysOf(datagrams, pinger);
  const story = new TapStory();
  const rows: TraceRow[] = [];
  for (const record of datagrams) {
    const node = nodeOf(record, pinger, relays);
    if (node === undefined) continue;
    const self = `this ${pinger.role}`;
    const [from, to] = record.isOut ? [self, node] : [node, self];
    const told = story.tell(record, { from: noun(from), to: noun(to) });
    if (told === undefined) continue;
    const { kind, summary, sentence } = told;
    const label = labelOf(record, kind);
    rows.push({
      number: rows.length + 1,
      at: record.at - beginAt,
      path: [from, to],
      from,
      to,
      kind,
      label,
      shortLabel: label,
      summary,
      sentence,
      isLost: false,
      colour: kind.endsWith('bubble') ? 'bubble' : kind === 'connectivity test' ? 'control' : 'data',
      endpoint: formatEndpoint(record.remote.ipv4, record.remote.port),
    });
  }
  return rows;
}

/** Ourselves first, then servers, then what is behind them. */
export function traceColumns(rows: readonly TraceRow[], role: string): LadderColumn[] {
  const nodes = new Set(rows.flatMap(({ from, to }) => [from, to]));
  const rank = (node: string) => [`this ${role}`, OWN_SERVER, PEERS_SERVER].indexOf(node);
  const order = [...nodes].sort((a, b) => (rank(a) < 0 ? 9 : rank(a)) - (rank(b) < 0 ? 9 : rank(b)));
  return order.map((node) => ({ node, isNat: false }));
}

/** Relays that carried something for a native peer, as endpoints. */
function relaysOf(datagrams: readonly TapRecord[], { peer, servers }: Pinger): readonly string[] {
  if (teredo.isTeredo(peer, 0)) return [];
  const found = new Set<string>();
  for (const { bytes, remote } of datagrams) {
    const at = packetAt(bytes);
    if (isServer(remote, servers) || at < 0 || ipv6.isBubble(bytes, at)) continue;
    found.add(formatEndpoint(remote.ipv4, remote.port));
  }
  return [...found];
}

/** Who is at the other end; undefined: nobody of this story. */
function nodeOf(record: TapRecord, { peer, servers }: Pinger, relays: readonly string[]): string | undefined {
  const { bytes, remote } = record;
  const endpoint = formatEndpoint(remote.ipv4, remote.port);
  if (teredo.isTeredo(peer, 0)) {
    if (teredo.embeds(peer, 0, remote.ipv4, remote.port)) return 'peer';
    if (isServer(remote, servers)) return OWN_SERVER;
    return remote.port === PORT && remote.ipv4 === teredo.server(peer, 0) ? PEERS_SERVER : 'peer';
  }
  if (isServer(remote, servers)) {
    const told = originOf(bytes);
    return told === undefined || relays.length === 0 || relays.includes(told) ? OWN_SERVER : undefined;
  }
  const place = relays.indexOf(endpoint);
  if (relays.length > 0 && place < 0) return undefined;
  return relays.length > 1 ? `relay ${place + 1}` : 'relay';
}

function isServer({ ipv4, port }: Endpoint, servers: ReadonlySet<number>): boolean {
  return port === PORT && servers.has(ipv4);
}

function originOf(bytes: Uint8Array): string | undefined {
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  if (typeof parts === 'number' || parts.originAt < 0) return undefined;
  return formatEndpoint(origin.ipv4(bytes, parts.originAt), origin.port(bytes, parts.originAt));
}

function labelOf({ bytes }: TapRecord, kind: string): string {
  if (kind.endsWith('bubble')) return 'bubble';
  const at = packetAt(bytes);
  if (at < 0 || !icmpv6.isEcho(bytes, at)) return kind;
  const isReply = icmpv6.type(bytes, at) === icmpv6.ECHO_REPLY;
  if (kind === 'connectivity test') return 'test';
  return `${isReply ? 'reply' : 'ping'} ${icmpv6.echoSequence(bytes, at)}`;
}

function packetAt(bytes: Uint8Array): number {
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  return typeof parts === 'number' ? -1 : parts.packetAt;
}

function noun(node: string): string {
  return node.startsWith('this ') || /\d$/.test(node) ? node : `the ${node}`;
}
