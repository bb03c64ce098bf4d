import { natsBefore } from './network.ts';
import { departedBy, type Passage, type Recording } from './recording.ts';

/** How two nodes of the island reach one another. `punching`: bubbles are under way, and nothing came back yet. */
export type WayState = 'punching' | 'direct' | 'relayed';

export interface Way {
  readonly from: string;
  readonly to: string;
  readonly state: WayState;
}

/** RFC 4380 §5.2: a peer is known for 30 s after it was last heard. */
const KNOWN_MS = 30_000;
/** In a crowd only the newest datagrams are asked. */
const RECENT_MAX = 3_000;

/**
 * Ways between tunnel ends at an instant.
 *
 * Shape:  one way for a pair of nodes that exchanged tunnel datagrams without a server between. Data that arrived
 *         makes it direct, or relayed when one end is a relay for others; bubbles alone leave it punching.
 */
export function waysAt({ passages, nodes }: Recording, instant: number): Way[] {
  const kinds = new Map(nodes.map(({ name, kind }) => [name, kind]));
  const ways = new Map<string, { way: Way; heardAt: number }>();
  const last = departedBy(passages, instant);
  const first = Math.max(departedBy(passages, instant - KNOWN_MS), last - RECENT_MAX);
  for (const passage of passages.slice(first, last)) {
    if (passage.carries !== 'tunnel' || passage.hue === 'discovery' || passage.hue === 'forged') continue;
    const ends = endsOf(passage, kinds);
    if (ends === undefined) continue;
    const key = ends.join('\n');
    const before = ways.get(key);
    if (passage.hue === 'bubble') {
      const isOver = before === undefined || instant - before.heardAt >= KNOWN_MS;
      if (isOver) ways.set(key, { way: { from: ends[0], to: ends[1], state: 'punching' }, heardAt: passage.at });
    } else if (passage.loss === undefined && passage.endsAt <= instant) {
      const isRelayed = ends.some((end) => kinds.get(end) === 'relay');
      const state = isRelayed ? 'relayed' : 'direct';
      ways.set(key, { way: { from: ends[0], to: ends[1], state }, heardAt: passage.endsAt });
    }
  }
  return [...ways.values()].filter(({ heardAt }) => instant - heardAt < KNOWN_MS).map(({ way }) => way);
}

function endsOf({ from, to }: Passage, kinds: ReadonlyMap<string, string>): [string, string] | undefined {
  const isEnd = (name: string) => ['client', 'relay', 'dual-stack host'].includes(kinds.get(name) ?? '');
  if (from === to || !isEnd(from) || !isEnd(to)) return undefined;
  return from < to ? [from, to] : [to, from];
}

/** The nodes a datagram between two ends passes on the IPv4 side: NATs of the one, NATs of the other. */
export function stationsOf({ nodes }: Recording, from: string, to: string): string[] {
  return [from, ...natsBefore(nodes, from), ...natsBefore(nodes, to).reverse(), to];
}
