/**
 * The library's face: roles to run, codecs to read and write the protocol, and the simulator.
 *
 * `createClient`, `createServer` and `createRelay` run a role on this host (Linux, root). Everything else is pure:
 * no sockets, no clock, no entropy.
 */

import type {
  ClientConfiguration,
  RelayConfiguration,
  ServerConfiguration,
} from './daemon/configuration/configuration.ts';
import { Daemon } from './daemon/daemon.ts';
import type { Reporter } from './daemon/reports.ts';
import { TeredoError } from './errors.ts';
import { parseIpv4 } from './wire/text.ts';

export { Batch } from './batch/batch.ts';
export type {
  ClientConfiguration,
  RelayConfiguration,
  ServerConfiguration,
} from './daemon/configuration/configuration.ts';
export { Daemon } from './daemon/daemon.ts';
export type { Report, Reporter } from './daemon/reports.ts';
export { Driver, type TunPort, type UdpPort } from './driver/driver.ts';
export { TeredoError } from './errors.ts';
export { Client, type ClientConfig, clientDefaults } from './roles/client/client.ts';
export { Drop, dropName } from './roles/drop.ts';
export { Relay, type RelayConfig, relayDefaults } from './roles/relay/relay.ts';
export type { Endpoint, Hmac, NatType, Random, Role, RoleEvent } from './roles/role.ts';
export { Server, type ServerConfig, serverDefaults } from './roles/server/server.ts';
export { World } from './sim/world.ts';
export * as authentication from './wire/authentication.ts';
export { describe } from './wire/describe.ts';
export * as encapsulation from './wire/encapsulation.ts';
export * as ipv6 from './wire/ipv6.ts';
export * as origin from './wire/origin.ts';
export * as routerAdvertisement from './wire/router-advertisement.ts';
export * as routerSolicitation from './wire/router-solicitation.ts';
export * as teredo from './wire/teredo.ts';
export * as text from './wire/text.ts';
export * as trailer from './wire/trailer.ts';

/** A role's settings with IPv4 addresses as text; what is left out has the default of the command line. */
type Written<T> = Partial<Omit<T, 'role' | 'servers' | 'ipv4' | 'ipv4Secondary'>>;

/**
 * Runs a Teredo client on this host.
 *
 * Shape:  `server` is a dotted quad; `serverSecondary` is the next address unless given. Stop it with `stop()`.
 * Errors: TeredoError at once for a bad address; later ones reject `ended`.
 */
export function createClient(
  options: Written<ClientConfiguration> & { readonly server: string; readonly serverSecondary?: string },
  report: Reporter = () => {},
): Daemon {
  const { server: name, serverSecondary, ...rest } = options;
  const server = ipv4(name);
  const secondary = serverSecondary === undefined ? (server + 1) | 0 : ipv4(serverSecondary);
  const configuration: ClientConfiguration = {
    interfaceName: 'teredo',
    port: 0,
    refreshIntervalMs: 30_000,
    localDiscovery: true,
    identifyNat: true,
    findRefreshInterval: false,
    ...rest,
    role: 'client',
    servers: [{ name, secondary }],
  };
  return new Daemon([configuration], report);
}

/**
 * Runs a Teredo server on this host.
 *
 * Shape:  `address` and `address2` are dotted quads of this host; the second is the next one unless given.
 * Errors: as `createClient`.
 */
export function createServer(
  options: Written<ServerConfiguration> & { readonly address: string; readonly address2?: string },
  report: Reporter = () => {},
): Daemon {
  const { address, address2, ...rest } = options;
  const primary = ipv4(address);
  const secondary = address2 === undefined ? (primary + 1) | 0 : ipv4(address2);
  return new Daemon([{ ...rest, role: 'server', ipv4: primary, ipv4Secondary: secondary }], report);
}

/**
 * Runs a Teredo relay on this host; with `hostOnly` a host-specific one.
 *
 * Shape:  `address` is a dotted quad of this host, or every address when left out; `port` is 3545 unless given.
 * Errors: as `createClient`.
 */
export function createRelay(
  options: Written<RelayConfiguration> & { readonly address?: string; readonly hostOnly?: boolean } = {},
  report: Reporter = () => {},
): Daemon {
  const { address, hostOnly, ...rest } = options;
  const configuration: RelayConfiguration = {
    interfaceName: 'teredo',
    port: 3545,
    ...rest,
    role: hostOnly ? 'host-relay' : 'relay',
    ipv4: address === undefined ? 0 : ipv4(address),
  };
  return new Daemon([configuration], report);
}

function ipv4(text: string): number {
  const address = parseIpv4(text);
  if (address === undefined) {
    throw new TeredoError('TD-ADDRESS', `not an IPv4 address: ${text}`, 'write four numbers, such as 192.0.2.1');
  }
  return address;
}
