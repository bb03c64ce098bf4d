import type { Command } from 'commander';
import type {
  ClientConfiguration,
  ClientServer,
  ExtensionSwitches,
  Offloads,
} from '../daemon/configuration/configuration.ts';
import { warning } from '../daemon/reports.ts';
import { TeredoError } from '../errors.ts';
import { parseIpv4 } from '../wire/text.ts';
import {
  identifierFlag,
  interfaceFlag,
  ipv4Flag,
  nextAddress,
  numberFlag,
  octets,
  offloadsFlag,
  portFlag,
  readSecretFile,
  serverArgument,
  usageError,
} from './flags.ts';
import { type Foreground, type Plan, runInForeground } from './foreground.ts';

/** Microsoft's, what Windows asks; public servers come and go, your own stays ("teredo server"). */
export const PUBLIC_SERVER = 'win1910.ipv6.microsoft.com';

/** The extensions of RFC 6081 by the names people give them. */
const EXTENSIONS = new Map<string, keyof ExtensionSwitches>([
  ['symmetric-nat', 'symmetricNat'],
  ['upnp-symmetric-nat', 'upnpSymmetricNat'],
  ['port-preserving-nat', 'portPreservingNat'],
  ['sequential-port-nat', 'sequentialPortNat'],
  ['hairpinning', 'hairpinning'],
  ['server-load-reduction', 'serverLoadReduction'],
]);

/** How a client shows who it is (RFC 4380 §5.2.2). */
export interface SecurityOptions {
  readonly identifier?: Uint8Array;
  readonly secret?: string;
  readonly secretFile?: string;
}

interface ClientOptions extends SecurityOptions {
  readonly server2?: number;
  readonly port?: number;
  readonly interface: string;
  readonly refreshInterval: number;
  readonly onDemand: boolean;
  readonly idleTime: number;
  readonly findRefreshInterval: boolean;
  readonly localDiscovery: boolean;
  readonly natIdentification: boolean;
  readonly portMapping: boolean;
  readonly evenWithIpv6: boolean;
  readonly without?: Partial<ExtensionSwitches>;
  readonly offloads?: Offloads;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('client')
    .description('give this host an IPv6 address through its NAT')
    .argument('[SERVER...]', `names or IPv4 addresses of Teredo servers, best first (default: ${PUBLIC_SERVER})`)
    .option(
      '--server2 <ADDRESS>',
      'second address of the first server (default: the next after the first address)',
      ipv4Flag('--server2'),
    )
    .option('--port <PORT>', 'local UDP port (default: chosen at random by the kernel)', portFlag('--port'))
    .option('--interface <NAME>', 'name of the TUN interface', interfaceFlag('--interface'), 'teredo')
    .option('--identifier <ID>', 'client identifier for secure qualification', identifierFlag('--identifier'))
    .option('--secret <SECRET>', 'its secret, as text or hex:...; others on this host can see it')
    .option('--secret-file <FILE>', 'file with the secret in its first line')
    .option('--refresh-interval <SECONDS>', 'how often the mapping is kept alive', interval, 30)
    .option('--on-demand', 'stay dormant until a packet wants to leave', false)
    .option('--idle-time <SECONDS>', 'on demand: dormant again after so long without a packet', idleTime, 3_600)
    .option('--find-refresh-interval', 'find out how long the NAT keeps a mapping (RFC 4380 5.2.7)', false)
    .option('--no-local-discovery', 'do not look for other clients on this link by multicast')
    .option('--no-nat-identification', 'do not find out the NAT type with a second socket')
    .option('--no-port-mapping', 'do not ask the router to map the UDP port (PCP, NAT-PMP, UPnP)')
    .option(
      '--without <EXTENSIONS>',
      `RFC 6081 extensions to leave out, with commas between: ${[...EXTENSIONS.keys()].join(', ')}, all`,
      withoutFlag,
    )
    .option('--even-with-ipv6', 'run although this host reaches the IPv6 Internet without Teredo', false)
    .option('--offloads <LIST>', 'what of the kernel to use for speed: all, none or a list', offloadsFlag('--offloads'))
    .option('--json', 'print one JSON object for each change')
    .action(async (names: readonly string[], options: ClientOptions) => {
      const servers = parseServers(names, options.server2);
      const security = parseSecurity(options);
      const intention = {
        role: 'client',
        type: 'client',
        interfaceName: options.interface,
        serverName: servers[0]!.name,
      } as const;
      process.exitCode = await runInForeground(options, intention, (around) =>
        plan(servers, options, security, around),
      );
    });
}

async function plan(
  servers: readonly ClientServer[],
  options: ClientOptions,
  security: ClientConfiguration['security'],
  { report }: Foreground,
): Promise<Plan> {
  if (options.secret !== undefined) report(warning(secretIsVisible()));
  if (!options.evenWithIpv6) await refuseBesideIpv6(options.interface);
  const { refuseSecondClient } = await import('../daemon/routes.ts');
  await refuseSecondClient(options.interface);
  const configuration: ClientConfiguration = {
    role: 'client',
    interfaceName: options.interface,
    servers,
    port: options.port ?? 0,
    refreshIntervalMs: options.refreshInterval * 1_000,
    localDiscovery: options.localDiscovery,
    identifyNat: options.natIdentification,
    findRefreshInterval: options.findRefreshInterval,
    portMapping: options.portMapping,
    onDemand: options.onDemand,
    idleTimeMs: options.idleTime * 1_000,
    ...(security === undefined ? {} : { security }),
    ...(options.without === undefined ? {} : { extensions: options.without }),
    ...(options.offloads === undefined ? {} : { offloads: options.offloads }),
  };
  return { configuration: [configuration] };
}

/** Each a name or an address; the second address of the first one may have been given. */
function parseServers(names: readonly string[], secondary: number | undefined): ClientServer[] {
  const servers = (names.length === 0 ? [PUBLIC_SERVER] : names).map((name) => serverArgument(name));
  for (const [index, name] of servers.entries()) {
    const ipv4 = parseIpv4(name);
    if (servers.indexOf(name) < index) throw usageError('SERVER', name, 'is on the list twice', 'leave one of them');
    if (ipv4 !== undefined && (index > 0 || secondary === undefined)) nextAddress(ipv4, '--server');
  }
  return servers.map((name, index) => (index > 0 || secondary === undefined ? { name } : { name, secondary }));
}

/** RFC 4380 §5.5, ledger CLI-130: a host that has IPv6 by other means is no Teredo client, unless asked. */
async function refuseBesideIpv6(interfaceName: string): Promise<void> {
  const { nativeIpv6 } = await import('../daemon/native-ipv6.ts');
  const native = await nativeIpv6(interfaceName);
  if (native === undefined) return;
  throw new TeredoError(
    'TD-IPV6-PRESENT',
    `this host reaches the IPv6 Internet without Teredo (${native})`,
    'to reach Teredo clients directly run "teredo host-relay"; to run a client all the same add --even-with-ipv6',
  );
}

/** RFC 4380 §5.2.2: identifier and secret go together. */
export function parseSecurity({ identifier, secret, secretFile }: SecurityOptions): ClientConfiguration['security'] {
  if (secret !== undefined && secretFile !== undefined) {
    throw usageError('--secret-file', secretFile, 'there is a --secret already', 'give only one of them');
  }
  const text = secretFile === undefined ? secret : readSecretFile('--secret-file', secretFile)[0]?.line;
  if (identifier === undefined && text === undefined && secretFile === undefined) return undefined;
  if (identifier === undefined) {
    throw usageError('--identifier', '', 'is missing: the server finds the secret by it', 'add --identifier ID');
  }
  if (text === undefined || text === '') {
    const fix = secretFile === undefined ? 'add --secret-file FILE' : 'write the secret into its first line';
    throw usageError('--secret-file', secretFile ?? '', 'no secret for the identifier', fix);
  }
  return { identifier, secret: octets('--secret', text) };
}

/** "hairpinning,sequential-port-nat" as switches that are off. */
function withoutFlag(value: string): Partial<ExtensionSwitches> {
  const names = value === 'all' ? [...EXTENSIONS.keys()] : value.split(',');
  const switches = names.map((name) => {
    const key = EXTENSIONS.get(name);
    if (key !== undefined) return [key, false] as const;
    throw usageError(
      '--without',
      value,
      `"${name}" is no extension`,
      `one of ${[...EXTENSIONS.keys()].join(', ')}, all`,
    );
  });
  return Object.fromEntries(switches);
}

function interval(value: string): number {
  return numberFlag('--refresh-interval', 5, 600, 'a number of seconds')(value);
}

function idleTime(value: string): number {
  return numberFlag('--idle-time', 10, 604_800, 'a number of seconds')(value);
}

function secretIsVisible(): TeredoError {
  return new TeredoError(
    'TD-SECRET-VISIBLE',
    'every user of this host can read the secret in the list of processes',
    'write it to a file and use --secret-file',
  );
}
