import type { PeerJson } from '../../../src/daemon/control/peer-json.ts';
import type { NatStatus, RoleStatus, Status } from '../../../src/daemon/status/status.ts';
import * as teredo from '../../../src/wire/teredo.ts';
import { formatIpv4, parseIpv6 } from '../../../src/wire/text.ts';
import { nameOf } from './dashboard.ts';
import type { NetworkNode, NodeKind } from './network.ts';

/** A node of the island as this process sees it; `name` is unique, `label` is what stands beside it. */
export interface IslandNode extends NetworkNode {
  readonly label: string;
  /** The state of a client, the kind of a NAT; may be empty. */
  readonly words: string;
}

/** `kept`: the way to the server, that maintenance keeps open. */
export interface IslandWay {
  readonly stations: readonly string[];
  readonly state: 'direct' | 'relayed' | 'punching' | 'kept';
  /** Something was heard a moment ago. */
  readonly isBusy: boolean;
}

export interface Island {
  readonly nodes: readonly IslandNode[];
  readonly ways: readonly IslandWay[];
  /** Peers that are drawn. */
  readonly drawn: number;
}

export const NAT_NAMES: Readonly<Record<NatStatus['type'], string>> = {
  unknown: 'type not known yet',
  none: 'none',
  cone: 'cone',
  'address-restricted': 'address-restricted',
  'port-restricted': 'port-restricted',
  restricted: 'address- or port-restr.',
  symmetric: 'symmetric',
};

/** Words for how two ends reach one another. */
export const WAY_NAMES: Readonly<Record<IslandWay['state'], string>> = {
  direct: 'direct',
  relayed: 'relayed',
  punching: 'asking',
  kept: 'kept open',
};

const NAT = 'NAT';
/** RFC 4380 §5.2: a peer is known for 30 s after it was last heard. */
const FRESH_MS = 30_000;
const BUSY_MS = 2_500;

/** Whom there is room for. */
export interface Room {
  readonly direct: number;
  readonly native: number;
}

/** The island from what a process tells; those peers that were heard last, as far as there is room. */
export function islandOf({ roles }: Pick<Status, 'roles'>, peers: readonly PeerJson[], room: Room): Island {
  const nodes: IslandNode[] = [];
  const ways: IslandWay[] = [];
  for (const role of roles) addRole(role, roles.length > 1, nodes, ways);
  const own = roles.find(({ role }) => role !== 'server');
  if (own === undefined) return { nodes, ways, drawn: 0 };
  const home = { name: nameOfOwn(own, roles.length > 1), nats: nodes.some(({ name }) => name === NAT) ? [NAT] : [] };
  const sorted = peers.toSorted((a, b) => (a.heardAgoMs ?? Infinity) - (b.heardAgoMs ?? Infinity));
  const native = sorted.filter(({ address }) => !isTeredo(address)).slice(0, room.native);
  const others = sorted.filter(({ address }) => isTeredo(address)).slice(0, room.direct);
  for (const peer of native) addNative(peer, home, own, nodes, ways);
  for (const peer of others) addTeredo(peer, home, nodes, ways);
  return { nodes, ways, drawn: native.length + others.length };
}

interface Home {
  readonly name: string;
  readonly nats: readonly string[];
}

function addRole(role: RoleStatus, isOneOfMany: boolean, nodes: IslandNode[], ways: IslandWay[]): void {
  const name = nameOfOwn(role, isOneOfMany);
  const label = isOneOfMany ? name : 'this host';
  if (role.role !== 'client') {
    const kinds = { server: 'server', relay: 'relay', 'host-relay': 'dual-stack host' } as const;
    const about = `${nameOf(role)}, ${role.state}`;
    nodes.push(node({ name, label, kind: kinds[role.role], about, addresses: role.listens }));
    return;
  }
  const { mapping, nat, server, state } = role;
  const isBehind = mapping === null || mapping.local === null || host(mapping.local) !== host(mapping.external);
  if (isBehind) {
    const words = nat === null ? NAT_NAMES.unknown : NAT_NAMES[nat.type];
    const about = mapping === null ? 'no mapping is known' : `maps ${mapping.local ?? 'this host'}`;
    nodes.push(
      node({ name: NAT, kind: 'NAT', nat: words, words, about, addresses: mapping ? [mapping.external] : [] }),
    );
  }
  const standing = state.startsWith('probe') ? 'starting' : state === 'offline' ? 'off-line' : state;
  const addresses = [role.address, mapping?.local ?? null].filter((one) => one !== null);
  nodes.push(node({ name, label, kind: 'client', behind: isBehind ? NAT : undefined, words: standing, addresses }));
  const way = [name, ...(isBehind ? [NAT] : [])];
  const told = server ?? role.servers[0];
  if (told === undefined || told === null) return;
  const isAsking = state.startsWith('probe');
  const first = { name: 'server', label: short(told.name), addresses: [told.address ?? 'address not found yet'] };
  nodes.push(node({ ...first, kind: 'server', about: 'the server' }));
  if (told.secondary !== null) {
    const second = { name: 'server 2', label: told.secondary, addresses: [told.secondary] };
    nodes.push(node({ ...second, kind: 'server', about: 'its second address' }));
  }
  const isSecond = state === 'probe (secondary server)' && told.secondary !== null;
  if (isAsking || state === 'qualified') {
    const stations = [...way, isSecond ? 'server 2' : 'server'];
    ways.push({ stations, state: isAsking ? 'punching' : 'kept', isBusy: isAsking });
  }
}

/** A host of the IPv6 Internet, behind the relay that carries for it. */
function addNative(peer: PeerJson, home: Home, own: RoleStatus, nodes: IslandNode[], ways: IslandWay[]): void {
  nodes.push(node({ name: peer.address, label: short(peer.address), kind: 'IPv6 host', addresses: [peer.address] }));
  if (peer.endpoint === null || own.role !== 'client') {
    ways.push({ stations: [home.name, ...home.nats, peer.address], ...stateOf(peer, 'punching') });
    return;
  }
  if (!nodes.some(({ name }) => name === peer.endpoint)) {
    const label = host(peer.endpoint);
    nodes.push(node({ name: peer.endpoint, label, kind: 'relay', addresses: [peer.endpoint], about: 'relay' }));
  }
  ways.push({ stations: [home.name, ...home.nats, peer.endpoint, peer.address], ...stateOf(peer, 'relayed') });
}

function addTeredo(peer: PeerJson, home: Home, nodes: IslandNode[], ways: IslandWay[]): void {
  const isLocal = peer.path === 'local';
  const state = stateOf(peer, 'direct');
  const words = state.state === 'punching' ? 'asking' : isFresh(peer) ? 'direct' : 'quiet';
  const label = peer.endpoint === null ? mappedOf(peer.address) : host(peer.endpoint);
  nodes.push(
    node({
      name: peer.address,
      label,
      words,
      kind: 'client',
      behind: isLocal ? home.nats[0] : undefined,
      addresses: [peer.address, ...(peer.endpoint === null ? [] : [peer.endpoint])],
    }),
  );
  if (state.state === 'punching' || isFresh(peer)) {
    ways.push({ stations: [home.name, ...(isLocal ? [] : home.nats), peer.address], ...state });
  }
}

function stateOf(peer: PeerJson, known: IslandWay['state']): Pick<IslandWay, 'state' | 'isBusy'> {
  const isBusy = (peer.heardAgoMs ?? Infinity) < BUSY_MS;
  return { state: peer.trusted && peer.path !== 'none' ? known : 'punching', isBusy };
}

function isFresh({ heardAgoMs }: PeerJson): boolean {
  return (heardAgoMs ?? Infinity) < FRESH_MS;
}

function node(
  given: Partial<IslandNode> & {
    readonly name: string;
    readonly kind: NodeKind;
    readonly addresses: readonly string[];
  },
): IslandNode {
  return { label: given.name, words: '', about: '', behind: undefined, nat: undefined, loss: undefined, ...given };
}

function nameOfOwn(role: RoleStatus, isOneOfMany: boolean): string {
  return isOneOfMany ? `this host's ${nameOf(role)}` : 'this host';
}

function isTeredo(address: string): boolean {
  const octets = parseIpv6(address);
  return octets !== undefined && teredo.isTeredo(octets, 0);
}

function mappedOf(address: string): string {
  const octets = parseIpv6(address);
  return octets === undefined ? address : formatIpv4(teredo.ipv4(octets, 0));
}

/** "192.0.2.1:40000" without its port. */
function host(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':'));
}

function short(text: string): string {
  return text.length <= 20 ? text : `${text.slice(0, 9)}…${text.slice(-8)}`;
}
