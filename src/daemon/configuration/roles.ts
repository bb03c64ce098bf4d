import { parseIpv4 } from '../../wire/text.ts';
import type {
  AnnounceConfiguration,
  ClientConfiguration,
  DaemonConfiguration,
  ExtensionSwitches,
  RelayConfiguration,
  ServerConfiguration,
} from './configuration.ts';
import type { EXTENSION_NAMES, RoleName } from './names.ts';
import type { Problem } from './problems.ts';
import type { Values } from './schema.ts';
import { readSecret, readSecrets } from './secret-file.ts';
import type { Settings } from './settings.ts';
import { nextAddress, type Objection, octets } from './values.ts';

/** From settings, whose values are right one by one, to the roles of a process, whose values are right together. */

/** A secret that is given by other means than a file. */
export interface GivenSecret {
  /** "--secret". */
  readonly name: string;
  readonly text: string;
}

const SWITCHES: Readonly<Record<(typeof EXTENSION_NAMES)[number], keyof ExtensionSwitches>> = {
  'symmetric-nat': 'symmetricNat',
  'upnp-symmetric-nat': 'upnpSymmetricNat',
  'port-preserving-nat': 'portPreservingNat',
  'sequential-port-nat': 'sequentialPortNat',
  hairpinning: 'hairpinning',
  'server-load-reduction': 'serverLoadReduction',
};

/** What Windows shows for its type "natawareclient". */
export const NAT_AWARE_INTERVAL_MS = 20_000;
const [OWN, VIRTUAL] = ['server.ipv4', 'server.virtual_ip'] as const;
/** The usual name of an interface. */
const INTERFACE = 'teredo';

/** Errors: ConfigurationError with everything that does not fit together. */
export function clientOf(settings: Settings, secret?: GivenSecret): ClientConfiguration {
  const { client } = settings.values;
  const problems: Problem[] = [];
  const security = clientSecurity(settings, secret, problems);
  const secondary = client.server_secondary === undefined ? undefined : parseIpv4(client.server_secondary)!;
  const servers = client.servers.map((name, index) => {
    return index > 0 || secondary === undefined ? { name } : { name, secondary };
  });
  for (const [index, server] of servers.entries()) {
    if (client.servers.indexOf(server.name) < index) {
      const problem = settings.problem('client.servers', 'is on the list twice', 'leave one of them');
      problems.push({ ...problem, value: server.name });
    }
    const literal = parseIpv4(server.name);
    if (literal === undefined || 'secondary' in server || nextAddress(literal) !== undefined) continue;
    problems.push(settings.problem('client.servers', 'has no next address for a server to use', withoutNext(settings)));
  }
  if (problems.length > 0) throw settings.refuse(problems);
  return {
    role: 'client',
    interfaceName: interfaceOf(settings),
    servers,
    port: client.port,
    refreshIntervalMs: refreshIntervalMs(settings),
    type: client.type,
    ...(client.domain === undefined ? {} : { domain: client.domain }),
    localDiscovery: client.local_discovery,
    identifyNat: client.nat_identification,
    findRefreshInterval: client.find_refresh_interval,
    portMapping: client.port_mapping,
    onDemand: client.on_demand,
    idleTimeMs: client.idle_time * 1_000,
    extensions: Object.fromEntries(client.without.map((name) => [SWITCHES[name], false])),
    offloads: settings.values.data_path.offloads,
    limits: contactLimitsOf(settings.values),
    ...(security === undefined ? {} : { security }),
  };
}

/** A client that is aware of its NAT keeps the mapping alive more often, unless it is told how often. */
function refreshIntervalMs(settings: Settings): number {
  const { type, refresh_interval } = settings.values.client;
  if (type === 'natawareclient' && !settings.isSet('client.refresh_interval')) return NAT_AWARE_INTERVAL_MS;
  return refresh_interval * 1_000;
}

/** A server, and its relay if it has one. Errors: ConfigurationError. */
export function serverOf(settings: Settings): DaemonConfiguration {
  const { server, limits, data_path } = settings.values;
  const problems: Problem[] = [];
  // What clients know a server by: its own address, or the one that it shares with others.
  const [first, givenBy] = server.virtual_ip === undefined ? [server.ipv4, OWN] : [server.virtual_ip, VIRTUAL];
  const ipv4 = first === undefined ? undefined : parseIpv4(first)!;
  const said = server.ipv4_secondary === undefined ? nextAddress(ipv4 ?? 0) : parseIpv4(server.ipv4_secondary);
  if (ipv4 === undefined) {
    problems.push(settings.problem('server.ipv4', 'a server needs it', 'add --address ADDRESS, or server.ipv4'));
  } else if (said === undefined) {
    const fix = 'name the second one too';
    problems.push(settings.problem(givenBy, 'has no next address for a server to use', fix));
  } else if (said === ipv4) {
    const fix = 'name another address of this host';
    problems.push(settings.problem('server.ipv4_secondary', 'is the first address again', fix));
  }
  if (server.with_relay && server.virtual_ip !== undefined && server.ipv4 === undefined) {
    const fix = 'add --address ADDRESS, or server.ipv4: an address that no other host has';
    problems.push(settings.problem(OWN, 'the relay beside a shared address needs one of its own', fix));
  }
  const keys = server.secrets_file === undefined ? undefined : readSecrets(server.secrets_file);
  if (isObjection(keys)) problems.push(settings.problem('server.secrets_file', keys.reason, keys.fix));
  if (keys === undefined && settings.isSet('server.require_security') && !server.require_security) {
    const { name } = settings.of('server.secrets_file');
    const flag = settings.of('server.require_security').source === 'flag';
    const fix = flag ? 'add --secret-file FILE' : `add ${name}, or leave this away`;
    problems.push(settings.problem('server.require_security', 'without secrets everybody is anonymous', fix));
  }
  if (problems.length > 0) throw settings.refuse(problems);
  const alone: ServerConfiguration = {
    role: 'server',
    ipv4: ipv4!,
    ipv4Secondary: said!,
    offloads: data_path.offloads,
    advertisementsPerSecond: server.advertisements_per_second,
    forwardedPerSecond: limits.forwarded_per_second,
    ...(settings.isSet('interface.name') && !server.with_relay ? { interfaceName: interfaceOf(settings) } : {}),
    ...(keys === undefined || isObjection(keys) ? {} : { security: { keys, isRequired: server.require_security } }),
    ...(server.mtu === undefined ? {} : { mtu: server.mtu }),
  };
  return server.with_relay ? [alone, { ...relayOf(settings, 'relay'), ipv4: parseIpv4(server.ipv4!)! }] : [alone];
}

export function relayOf(settings: Settings, role: RelayConfiguration['role']): RelayConfiguration {
  const { relay, limits, data_path } = settings.values;
  if (relay.announce && role === 'host-relay') {
    const fix = 'run "teredo relay", or leave this away';
    throw settings.refuse([settings.problem('relay.announce', 'a host-specific relay serves its own host alone', fix)]);
  }
  return {
    role,
    interfaceName: interfaceOf(settings),
    ipv4: relay.ipv4 === undefined ? 0 : parseIpv4(relay.ipv4)!,
    port: relay.port,
    behindNat: relay.behind_nat,
    offloads: data_path.offloads,
    limits: contactLimitsOf(settings.values),
    newPeersPerSecond: limits.new_peers_per_second,
    bubblesPerSecond: limits.bubbles_per_second,
    ...(relay.announce ? { announce: announceOf(relay) } : {}),
  };
}

function announceOf(relay: Values['relay']): AnnounceConfiguration {
  return {
    rise: relay.announce_rise,
    fall: relay.announce_fall,
    holdMs: 1_000 * relay.announce_hold,
    intervalMs: 1_000 * relay.announce_interval,
    probes: relay.announce_probes,
  };
}

/** The role that a command or a file names. Errors: ConfigurationError when neither does, or each another. */
export function roleOf(settings: Settings, command?: RoleName): RoleName {
  const { role } = settings.values;
  if (command !== undefined && role !== undefined && role !== command) {
    const fix = `run "teredo ${role}" or "teredo run", or name another file`;
    throw settings.refuse([settings.problem('role', `this command is "teredo ${command}"`, fix)]);
  }
  const found = command ?? role;
  if (found !== undefined) return found;
  const problem = settings.problem('role', 'nobody says what to run', 'write role = "client", or "server", "relay"...');
  throw settings.refuse([{ ...problem, where: settings.file ?? '' }]);
}

/** The interface of a client or a relay. */
export function interfaceOf({ values }: Settings): string {
  return values.interface.name ?? INTERFACE;
}

function contactLimitsOf({ limits }: Values) {
  return {
    peersMax: limits.peers,
    untrustedPeersMax: limits.untrusted_peers,
    queuedPacketsMax: limits.queued_packets,
    queuedOctetsPerPeerMax: limits.queued_octets_per_peer,
    queuedOctetsMax: limits.queued_octets,
  };
}

/** RFC 4380 §5.2.2: identifier and secret go together. */
function clientSecurity(
  settings: Settings,
  given: GivenSecret | undefined,
  problems: Problem[],
): ClientConfiguration['security'] {
  const { identifier, secret_file: file } = settings.values.client;
  const isFlag = given !== undefined || settings.of('client.secret_file').source === 'flag';
  const blame = (path: string, flag: string, reason: string, fix: string): undefined => {
    const problem = settings.problem(path, reason, fix);
    problems.push(isFlag && !settings.isSet(path) ? { ...problem, name: flag } : problem);
  };
  if (given !== undefined && settings.of('client.secret_file').source === 'flag') {
    const reason = `there is a ${given.name} already`;
    return blame('client.secret_file', '--secret-file', reason, 'give only one of them');
  }
  if (identifier === undefined && given === undefined && file === undefined) return undefined;
  if (identifier === undefined) {
    const fix = isFlag ? 'add --identifier ID' : 'add client.identifier';
    return blame('client.identifier', '--identifier', 'is missing: the server finds the secret by it', fix);
  }
  const secret = given === undefined ? (file === undefined ? undefined : readSecret(file)) : inText(given.text);
  if (secret === undefined) {
    const fromFlag = settings.of('client.identifier').source === 'flag';
    const problem = settings.problem('client.secret_file', 'no secret for the identifier', 'name a file with it');
    problems.push(fromFlag ? { ...problem, name: '--secret-file', fix: 'add --secret-file FILE' } : problem);
    return undefined;
  }
  if ('secret' in secret) return { identifier: octets(identifier)!, secret: secret.secret };
  if (given === undefined) return blame('client.secret_file', '--secret-file', secret.reason, secret.fix);
  problems.push({ where: '', name: given.name, value: '', reason: secret.reason, fix: secret.fix });
  return undefined;
}

function inText(text: string): { readonly secret: Uint8Array } | NonNullable<Objection> {
  const secret = octets(text);
  if (secret === undefined) return { reason: 'not hex digits in pairs', fix: 'for instance hex:00ff17' };
  return secret.length > 0 ? { secret } : { reason: 'no secret for the identifier', fix: 'write it, or a file' };
}

function withoutNext(settings: Settings): string {
  return settings.of('client.servers').source === 'flag' ? 'say --server2 ADDRESS' : 'add client.server_secondary';
}

function isObjection(value: object | undefined): value is NonNullable<Objection> {
  return value !== undefined && 'reason' in value;
}
