import type { Command } from 'commander';
import {
  OFFLOADS,
  type Offloads,
  type RelayConfiguration,
  type RoleConfiguration,
  type ServerConfiguration,
} from '../daemon/configuration/configuration.ts';
import { RELAY_PORT } from '../roles/constants.ts';
import { formatHex, formatIpv4 } from '../wire/text.ts';
import {
  interfaceFlag,
  ipv4Flag,
  nextAddress,
  numberFlag,
  octets,
  offloadsFlag,
  readSecretFile,
  usageError,
} from './flags.ts';
import { runInForeground } from './foreground.ts';

interface ServerOptions {
  readonly address: number;
  readonly address2?: number;
  readonly interface?: string;
  readonly withRelay?: boolean;
  readonly secretFile?: string;
  readonly allowAnonymous?: boolean;
  readonly mtu?: number;
  readonly advertisementsPerSecond?: number;
  readonly offloads?: Offloads;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('server')
    .description('help clients to find their addresses and each other; listens on UDP port 3544 of two addresses')
    .requiredOption('--address <ADDRESS>', 'first public IPv4 address of this host', ipv4Flag('--address'))
    .option('--address2 <ADDRESS>', 'second one (default: the next after the first)', ipv4Flag('--address2'))
    .option('--with-relay', 'be a relay too, on the first address')
    .option('--interface <NAME>', "name of the relay's TUN interface; without --with-relay: reach native hosts by one")
    .option('--secret-file <FILE>', 'lines of "IDENTIFIER SECRET": ask clients to authenticate')
    .option('--allow-anonymous', 'with --secret-file: serve clients without authentication as well')
    .option('--mtu <OCTETS>', 'advertise this MTU to clients', mtu)
    .option('--advertisements-per-second <COUNT>', 'answers for one IPv4 address, a NAT included (default: 50)', rate)
    .option('--offloads <LIST>', 'what of the kernel to use for speed: all, none or a list', offloadsFlag('--offloads'))
    .option('--json', 'print one JSON object for each change')
    .action(async (options: ServerOptions) => {
      const configuration = configure(options);
      process.exitCode = await runInForeground(options, { role: 'server', type: 'server' }, () => ({ configuration }));
    });
}

function configure(options: ServerOptions): RoleConfiguration[] {
  const { address: ipv4, offloads = OFFLOADS } = options;
  const ipv4Secondary = options.address2 ?? nextAddress(ipv4, '--address');
  if (ipv4Secondary === ipv4) {
    throw usageError('--address2', formatIpv4(ipv4), 'is the first address again', 'name another address of this host');
  }
  const name = options.interface === undefined ? undefined : interfaceFlag('--interface')(options.interface);
  if (options.allowAnonymous && options.secretFile === undefined) {
    throw usageError('--allow-anonymous', '', 'without secrets everybody is anonymous', 'add --secret-file FILE');
  }
  const keys = options.secretFile === undefined ? undefined : readKeys(options.secretFile);
  const server: ServerConfiguration = {
    role: 'server',
    ipv4,
    ipv4Secondary,
    offloads,
    ...(name !== undefined && !options.withRelay ? { interfaceName: name } : {}),
    ...(keys === undefined ? {} : { security: { keys, isRequired: !options.allowAnonymous } }),
    ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
    ...(options.advertisementsPerSecond === undefined
      ? {}
      : { advertisementsPerSecond: options.advertisementsPerSecond }),
  };
  if (!options.withRelay) return [server];
  const relay: RelayConfiguration = {
    role: 'relay',
    interfaceName: name ?? 'teredo',
    ipv4,
    port: RELAY_PORT,
    offloads,
  };
  return [server, relay];
}

/** Keys by the hex of their identifiers, as the server looks them up. */
function readKeys(path: string): Map<string, { secret: Uint8Array }> {
  const keys = new Map<string, { secret: Uint8Array }>();
  for (const { line, number } of readSecretFile('--secret-file', path)) {
    const [identifier, secret, ...rest] = line.split(/\s+/);
    const where = `${path}, line ${number}`;
    if (identifier === undefined || secret === undefined || rest.length > 0) {
      throw usageError('--secret-file', where, 'not "IDENTIFIER SECRET"', 'write hex:... for odd characters');
    }
    const key = formatHex(octets('--secret-file', identifier));
    if (keys.has(key)) {
      throw usageError('--secret-file', where, `a second secret for ${identifier}`, 'leave one of them');
    }
    keys.set(key, { secret: octets('--secret-file', secret) });
  }
  if (keys.size > 0) return keys;
  throw usageError('--secret-file', path, 'there is no secret in it', 'write lines of "IDENTIFIER SECRET"');
}

function mtu(value: string): number {
  return numberFlag('--mtu', 1_280, 65_535, 'an MTU for IPv6')(value);
}

function rate(value: string): number {
  return numberFlag('--advertisements-per-second', 1, 10_000_000, 'a number of answers in a second')(value);
}
