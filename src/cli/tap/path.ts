import type { Endpoint } from '../../roles/role.ts';
import { isGlobalUnicast } from '../../wire/ipv4.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatEndpoint } from '../../wire/text.ts';

/** The way by which a packet of a peer came here. */
export interface Path {
  /** `local`: inside the own network. */
  readonly type: 'direct' | 'local' | 'relay' | 'server';
  /** Who sent the datagram. */
  readonly endpoint: Endpoint;
}

/**
 * What the sender of a datagram is to the peer whose packet was in it.
 *
 * Units:  `peer` is 16 octets; `servers` are IPv4 addresses of the servers in use.
 */
export function pathOf(peer: Uint8Array, endpoint: Endpoint, servers: ReadonlySet<number>): Path {
  const { ipv4, port } = endpoint;
  const isTeredo = teredo.isTeredo(peer, 0);
  if (isTeredo && teredo.embeds(peer, 0, ipv4, port)) return { type: 'direct', endpoint };
  if (port === 3544 && servers.has(ipv4)) return { type: 'server', endpoint };
  if (!isTeredo) return { type: 'relay', endpoint };
  return { type: isGlobalUnicast(ipv4) ? 'direct' : 'local', endpoint };
}

/** Whether there is no better way: a native host is always behind a relay. */
export function isBest({ type }: Path): boolean {
  return type !== 'server';
}

export function pathWords({ type, endpoint }: Path, peer: Uint8Array): string {
  const where = formatEndpoint(endpoint.ipv4, endpoint.port);
  if (type === 'server') return `through the server ${where}`;
  if (type === 'relay') return `through relay ${where}`;
  if (type === 'local') return `direct, inside this network, ${where}`;
  const isMapped = teredo.embeds(peer, 0, endpoint.ipv4, endpoint.port);
  return `direct, ${where}${isMapped ? '' : ' (another port than its address says)'}`;
}
