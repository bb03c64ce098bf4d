import type { ClientHost } from '../sim/client-host.ts';
import type { Host } from '../sim/host.ts';
import type { Link } from '../sim/link.ts';
import type { NameServer } from '../sim/name-server.ts';
import type { Nat } from '../sim/nat.ts';
import type { RelayHost } from '../sim/relay-host.ts';
import type { ServerHost } from '../sim/server-host.ts';
import { World } from '../sim/world.ts';
import { natKind } from './nats.ts';
import type { NodeSpec, Scenario } from './scenario.ts';

/** The nodes of a scenario in the simulator, by name. */
export interface Cast {
  readonly world: World;
  readonly specs: readonly NodeSpec[];
  readonly hosts: ReadonlyMap<string, Host>;
  readonly clients: ReadonlyMap<string, ClientHost>;
  readonly servers: ReadonlyMap<string, ServerHost>;
  readonly relays: ReadonlyMap<string, RelayHost>;
  readonly nats: ReadonlyMap<string, Nat>;
  readonly nameServers: ReadonlyMap<string, NameServer>;
  /** What forged datagrams are meant to do, by flight; filled as the scenario runs. */
  readonly forgeries: Map<number, string>;
}

/**
 * Builds the world of a scenario.
 *
 * Errors: throws for a scenario that names what it does not have; that is a mistake in the scenario.
 */
export function build(scenario: Scenario, seed: number): Cast {
  const world = new World({ seed });
  const hosts = new Map<string, Host>();
  const clients = new Map<string, ClientHost>();
  const servers = new Map<string, ServerHost>();
  const relays = new Map<string, RelayHost>();
  const nats = new Map<string, Nat>();
  const nameServers = new Map<string, NameServer>();
  for (const spec of inBuildingOrder(scenario.nodes)) {
    switch (spec.type) {
      case 'name server':
        nameServers.set(spec.name, world.addNameServer(spec));
        break;
      case 'server':
        servers.set(spec.name, world.addServer(spec));
        break;
      case 'relay':
        relays.set(spec.name, world.addRelay(spec));
        break;
      case 'dual-stack host':
        relays.set(spec.name, world.addHostSpecificRelay(spec));
        break;
      case 'IPv6-only host': {
        const behind = spec.nearestRelay === undefined ? {} : { behind: find(relays, spec.nearestRelay) };
        hosts.set(spec.name, world.addIpv6Host({ ...spec, ...behind }));
        break;
      }
      case 'IPv4 host':
        hosts.set(spec.name, world.addHost(spec));
        break;
      case 'NAT': {
        const behind = spec.behind === undefined ? {} : { behind: find(nats, spec.behind) };
        const external = externalOf(spec);
        const kind = natKind(spec.nat, external, spec.options);
        nats.set(spec.name, world.addNat(kind, { ...linkOf(spec), name: spec.name, ...behind }));
        break;
      }
      case 'client': {
        const { behind, server, identifiesNat = false, ...rest } = spec;
        const place = behind === undefined ? {} : { behind: find(nats, behind) };
        const config = { identifyNat: identifiesNat };
        const options = { ...rest, ...place, server: find(servers, server), startAfterMs: 'never', config } as const;
        clients.set(spec.name, world.addClient(options));
        break;
      }
    }
  }
  for (const map of [clients, servers, relays, nameServers]) {
    for (const [name, { host }] of map) hosts.set(name, host);
  }
  return { world, specs: scenario.nodes, hosts, clients, servers, relays, nats, nameServers, forgeries: new Map() };
}

/** The external addresses of a NAT, as text; none: the network it stands in gives it one. */
export function externalOf({ ipv4 = [] }: NodeSpec & { type: 'NAT' }): readonly string[] {
  return typeof ipv4 === 'string' ? [ipv4] : ipv4;
}

/** Whatever others refer to comes first; NATs among themselves as they are listed. */
function inBuildingOrder(nodes: readonly NodeSpec[]): NodeSpec[] {
  const last: readonly NodeSpec['type'][] = ['IPv6-only host', 'NAT', 'client'];
  return nodes.toSorted((a, b) => last.indexOf(a.type) - last.indexOf(b.type));
}

export function find<T>(nodes: ReadonlyMap<string, T>, name: string): T {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`the scenario has no such node: ${name}`);
  return node;
}

/** The links of a node: of a NAT the outer one. */
export function linksOf(cast: Cast, name: string): Link[] {
  const nat = cast.nats.get(name);
  if (nat !== undefined) return [nat.link];
  const host = find(cast.hosts, name);
  return [host.ipv4Link, host.ipv6Link].filter((link) => link !== undefined);
}

function linkOf(spec: NodeSpec): { link?: NonNullable<NodeSpec['link']> } {
  return spec.link === undefined ? {} : { link: spec.link };
}
