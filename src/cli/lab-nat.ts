import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { TeredoError } from '../errors.ts';
import type { NatName } from '../lab/nats.ts';
import { parseIpv4 } from '../wire/text.ts';
import { interfaceFlag, numberFlag, portFlag, usageError } from './flags.ts';

type Dependence = 'endpoint-independent' | 'address' | 'address-and-port';
type Allocation = 'preserving' | 'sequential' | 'random';

const DEPENDENCES: readonly Dependence[] = ['endpoint-independent', 'address', 'address-and-port'];
const ALLOCATIONS: readonly Allocation[] = ['preserving', 'sequential', 'random'];
const SEED_MAX = 2 ** 32 - 1;

interface NatCommandOptions {
  readonly inside: string;
  readonly outside: string;
  readonly kind: string;
  readonly external: readonly string[];
  readonly mapping?: Dependence;
  readonly filtering?: Dependence;
  readonly allocation?: Allocation;
  readonly lifetime?: number;
  readonly firstPort?: number;
  readonly inboundRefresh?: boolean;
  readonly hairpinning: boolean;
  readonly upnp?: boolean;
  readonly gateway?: string;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `teredo lab nat`: a part of the kernel laboratory rather than a command for people, so that help leaves it out. */
export function registerNat(lab: Command): void {
  lab
    .command('nat', { hidden: true })
    .description('translate IPv4 UDP between two TUN interfaces')
    .requiredOption('--inside <NAME>', 'TUN interface toward the LAN', interfaceFlag('--inside'))
    .requiredOption('--outside <NAME>', 'TUN interface toward the Internet', interfaceFlag('--outside'))
    .requiredOption('--kind <KIND>', 'cone, symmetric, ... as in scenarios')
    .requiredOption('--external <ADDRESSES>', 'external addresses, with commas between', addresses)
    .option('--mapping <RULE>', DEPENDENCES.join(', '), oneOf('--mapping', DEPENDENCES))
    .option('--filtering <RULE>', DEPENDENCES.join(', '), oneOf('--filtering', DEPENDENCES))
    .option('--allocation <RULE>', ALLOCATIONS.join(', '), oneOf('--allocation', ALLOCATIONS))
    .option('--lifetime <SECONDS>', 'life of a mapping', numberFlag('--lifetime', 1, 86_400, 'a number of seconds'))
    .option('--first-port <PORT>', 'first port of sequential allocation', portFlag('--first-port'))
    .option('--inbound-refresh', 'inbound packets keep a mapping alive too')
    .option('--upnp', 'map ports for hosts that ask, whatever the kind')
    .option('--gateway <ADDRESS>', 'its own address on the LAN, where hosts ask it for ports')
    .option('--no-hairpinning', 'refuse packets from inside to an external address')
    .option(
      '--seed <N>',
      'seed of everything random (default: drawn)',
      numberFlag('--seed', 0, 999_999_999, 'a number'),
    )
    .option('--json', 'print one JSON object for each change')
    .action(run);
}

async function run(options: NatCommandOptions): Promise<void> {
  const { natKind, natNames } = await import('../lab/nats.ts');
  const name = natNames.find((known): known is NatName => known === options.kind);
  if (name === undefined) throw usageError('--kind', options.kind, 'no such NAT', `one of: ${natNames.join(', ')}`);
  const { mapping, filtering, allocation, lifetime, firstPort, inboundRefresh, hairpinning, upnp } = options;
  const kind = natKind(name, options.external, {
    ...(mapping === undefined ? {} : { mapping }),
    ...(filtering === undefined ? {} : { filtering }),
    ...(allocation === undefined ? {} : { allocation }),
    ...(lifetime === undefined ? {} : { lifetimeMs: lifetime * 1_000 }),
    ...(firstPort === undefined ? {} : { firstPort }),
    ...(inboundRefresh === undefined ? {} : { inboundRefresh }),
    ...(upnp === undefined ? {} : { upnp }),
    hairpinning,
  });
  const { NatNode } = await import('../lab/kernel/nat-node.ts');
  const { inside, outside, seed = randomInt(SEED_MAX), gateway } = options;
  const node = new NatNode({ inside, outside, kind, seed, ...(gateway === undefined ? {} : { gateway }) });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => node.stop());
  await node.start();
  tell(options, 'ready', { kind: kind.kind, external: kind.ipv4 });
  await node.run();
  tell(options, 'stopped', { passed: node.nat.passed, refused: Object.fromEntries(node.nat.refused) });
}

function tell({ json }: NatCommandOptions, type: string, facts: Readonly<Record<string, unknown>>): void {
  if (json === true) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type, ...facts })}\n`);
  else process.stdout.write(`${type}: ${JSON.stringify(facts)}\n`);
}

function addresses(value: string): string[] {
  const list = value.split(',');
  const wrong = list.find((address) => parseIpv4(address) === undefined);
  if (wrong === undefined) return list;
  throw new TeredoError('TD-USAGE', `--external ${value}: "${wrong}" is no IPv4 address`, 'for instance 192.0.2.1');
}

function oneOf<T extends string>(flag: string, values: readonly T[]): (value: string) => T {
  return (value) => {
    const known = values.find((each) => each === value);
    if (known !== undefined) return known;
    throw usageError(flag, value, 'unknown', `one of ${values.join(', ')}`);
  };
}
