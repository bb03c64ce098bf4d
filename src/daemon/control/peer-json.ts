import { formatEndpoint, formatIpv6 } from '../../wire/text.ts';
import type { PeerPage } from '../peer-page.ts';

/** A peer as `/v1/peers` tells it. Instants are told as durations up to now, in ms; null: never. */
export interface PeerJson {
  readonly address: string;
  /** `relay`: a native host, behind the relay at `endpoint`; `local`: a neighbour; `none`: no way is known yet. */
  readonly path: 'direct' | 'local' | 'relay' | 'none';
  readonly endpoint: string | null;
  readonly trusted: boolean;
  readonly heardAgoMs: number | null;
  readonly sentAgoMs: number | null;
  readonly knownForMs: number;
}

export interface PeersJson {
  readonly schemaVersion: 1;
  readonly role: string;
  /** In the whole list. */
  readonly total: number;
  readonly peers: readonly PeerJson[];
  /** What to give as `from` for the next page; null: this is the last. */
  readonly next: number | null;
}

export function peersJson(role: string, page: PeerPage): PeersJson {
  const peers = Array.from({ length: page.count }, (_, row) => peer(page, row));
  return { schemaVersion: 1, role, total: page.total, peers, next: page.next < 0 ? null : page.next };
}

function peer(page: PeerPage, row: number): PeerJson {
  const octets = page.addresses.subarray(16 * row, 16 * row + 16);
  const [ipv4, port] = [page.ipv4[row]!, page.port[row]!];
  const isTeredo = octets[0] === 0x20 && octets[1] === 0x01 && octets[2] === 0 && octets[3] === 0;
  const isReached = port !== 0;
  const way = page.local[row] === 1 ? 'local' : isTeredo ? 'direct' : 'relay';
  return {
    address: formatIpv6(octets),
    path: isReached ? way : 'none',
    endpoint: isReached ? formatEndpoint(ipv4, port) : null,
    trusted: page.trusted[row] === 1,
    heardAgoMs: duration(page.heardAgoMs[row]!),
    sentAgoMs: duration(page.sentAgoMs[row]!),
    knownForMs: Math.max(0, Math.round(page.knownForMs[row]!)),
  };
}

function duration(ms: number): number | null {
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : null;
}
