import type { PeerTable } from '../peers/peer-table.ts';
import type { CaseCounters } from '../roles/case.ts';
import { Client, type ClientConfig, clientDefaults } from '../roles/client/client.ts';
import { allExtensions } from '../roles/client/extensions/extensions.ts';
import type { DropCounters } from '../roles/drop.ts';
import type { LimitUse } from '../roles/limits.ts';
import { Relay, type RelayConfig, relayDefaults } from '../roles/relay/relay.ts';
import type { Endpoint, Hmac, OfflineReason, Random, Remembered, Role, ServerAddress } from '../roles/role.ts';
import { Server, type ServerConfig, serverDefaults } from '../roles/server/server.ts';
import type {
  ClientConfiguration,
  RelayConfiguration,
  RoleConfiguration,
  ServerConfiguration,
} from './configuration/configuration.ts';
import type { HostView } from './messages.ts';
import { knownServers } from './servers.ts';

/** A role and the few things that only some roles want to be told. */
export interface RunningRole {
  readonly role: Role;
  start(now: number): void;
  stop(now: number, reason?: OfflineReason): void;
  /** What is known of the host, at first and whenever it has changed. */
  setHost(host: HostView, now: number): void;
  /** The address, of 16 octets, that it sends packets of its own from; undefined: it has none, or sends none. */
  ownAddress(): Uint8Array | undefined;
  setLocalPort(port: number): void;
  setPortMapping(mapping: Endpoint | undefined): void;
  /** Forgets what it has learnt, and begins again. */
  reset(now: number): void;
  /** Begins nothing new any more. */
  drain(): void;
  limits(now: number): readonly LimitUse[];
  /** The list of recent peers; a server keeps none. */
  readonly peers?: PeerTable;
  setServers(servers: readonly ServerAddress[], now: number): void;
  /** A local socket that an event asked for cannot be had. */
  refuseSocket(via: number, now: number): void;
  /** Takes over what can change while the role runs; the configuration is of the same role. */
  reconfigure(configuration: RoleConfiguration): void;
}

/** What a role needs that is not in its configuration. */
export interface Surroundings {
  readonly random: Random;
  readonly hmac: Hmac;
  readonly drops: DropCounters;
  readonly cases: CaseCounters;
  readonly remembered?: Remembered | undefined;
}

const nothing = (): void => {};

export function makeRole(configuration: RoleConfiguration, around: Surroundings): RunningRole {
  switch (configuration.role) {
    case 'client':
      return makeClient(configuration, around);
    case 'server':
      return makeServer(configuration, around);
    case 'relay':
    case 'host-relay':
      return makeRelay(configuration, around);
  }
}

function makeClient(from: ClientConfiguration, { random, hmac, drops, cases, remembered }: Surroundings): RunningRole {
  const config: ClientConfig = {
    ...clientDefaults,
    servers: knownServers(from),
    refreshIntervalMs: from.refreshIntervalMs,
    localDiscovery: from.localDiscovery,
    identifyNat: from.identifyNat,
    findRefreshInterval: from.findRefreshInterval,
    onDemand: from.onDemand ?? false,
    idleMs: from.idleTimeMs ?? clientDefaults.idleMs,
    extensions: { ...allExtensions, ...from.extensions },
    ...from.limits,
    ...(remembered === undefined ? {} : { remembered }),
    ...(from.security === undefined ? {} : { security: from.security }),
  };
  const client = new Client(config, random, hmac, drops, cases);
  let networks: string | undefined;
  return {
    role: client,
    start: (now) => client.start(now),
    stop: (now, reason) => client.stop(now, reason),
    setHost: ({ localNetworks }, now) => {
      const before = networks;
      networks = JSON.stringify(localNetworks);
      client.setLocalNetworks(localNetworks);
      // A host without any address cannot ask.
      if (before !== undefined && before !== networks && localNetworks.length > 0) client.hostMoved(now);
    },
    ownAddress: () => client.address ?? client.provisional,
    setLocalPort: (port) => client.setLocalPort(port),
    setPortMapping: (mapping) => client.setPortMapping(mapping),
    reset: (now) => client.reset(now),
    drain: nothing,
    limits: (now) => client.limits(now),
    peers: client.peers,
    setServers: (servers, now) => client.setServers(servers, now),
    refuseSocket: (via, now) => client.refuseSocket(via, now),
    reconfigure: (next) => {
      if (next.role === 'client') client.setRefreshInterval(next.refreshIntervalMs);
    },
  };
}

function makeServer(from: ServerConfiguration, { random, hmac, drops, cases }: Surroundings): RunningRole {
  const config: ServerConfig = {
    ...serverDefaults,
    ...serverRates(from),
    ipv4: from.ipv4,
    ipv4Secondary: from.ipv4Secondary,
    ...(from.security === undefined ? {} : { security: from.security }),
    ...(from.mtu === undefined ? {} : { mtu: from.mtu }),
  };
  const server = new Server(config, random, hmac, drops, cases);
  return {
    role: server,
    start: nothing,
    stop: nothing,
    setHost: (host) => server.setLocalNetworks(host.localNetworks),
    ownAddress: () => undefined,
    setLocalPort: nothing,
    setPortMapping: nothing,
    reset: nothing,
    drain: () => server.drain(),
    limits: (now) => server.limits(now),
    setServers: nothing,
    refuseSocket: nothing,
    reconfigure: (next) => {
      if (next.role === 'server') server.setRates({ ...serverDefaults, ...serverRates(next) });
    },
  };
}

/** At once goes twice what goes in a second. */
function serverRates({ advertisementsPerSecond: answers, forwardedPerSecond: forwarded }: ServerConfiguration) {
  return {
    ...(answers === undefined ? {} : { advertisementsPerSecond: answers, advertisementsBurst: 2 * answers }),
    ...(forwarded === undefined ? {} : { forwardedPerSecond: forwarded, forwardedBurst: 2 * forwarded }),
  };
}

function makeRelay(from: RelayConfiguration, { random, drops, cases }: Surroundings): RunningRole {
  const relay = new Relay(relayConfig(from), random, drops, cases);
  let ownAddress: Uint8Array | undefined;
  return {
    role: relay,
    start: nothing,
    stop: nothing,
    setHost: ({ localNetworks, ownAddresses }) => {
      relay.setLocalNetworks(localNetworks);
      ownAddress = ownAddresses[0];
      relay.setErrorSource(ownAddress);
      if (from.role === 'host-relay') relay.setOwnAddresses(ownAddresses);
    },
    ownAddress: () => ownAddress,
    setLocalPort: nothing,
    setPortMapping: nothing,
    setServers: nothing,
    reset: () => relay.reset(),
    drain: () => relay.drain(),
    limits: (now) => relay.limits(now),
    peers: relay.peers,
    refuseSocket: nothing,
    reconfigure: (next) => {
      if (next.role === 'relay' || next.role === 'host-relay') relay.setRates(relayConfig(next));
    },
  };
}

function relayConfig({
  behindNat = false,
  limits,
  newPeersPerSecond,
  bubblesPerSecond,
}: RelayConfiguration): RelayConfig {
  return {
    ...relayDefaults,
    ...limits,
    behindNat,
    ...(newPeersPerSecond === undefined ? {} : { newPeersPerSecond, newPeersBurst: 4 * newPeersPerSecond }),
    ...(bubblesPerSecond === undefined ? {} : { bubblesPerSecond, bubblesBurst: 4 * bubblesPerSecond }),
  };
}
