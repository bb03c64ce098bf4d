import type { Command } from 'commander';
import * as teredo from '../wire/teredo.ts';
import { formatHex, formatIpv6 } from '../wire/text.ts';
import type { DatagramOptions } from './encode-datagram.ts';
import { type EndpointFlag, endpointFlag, ipv6Flag } from './encode-flags.ts';
import { ipv4Flag, numberFlag, portFlag, usageError } from './flags.ts';

interface EncodeOptions extends DatagramOptions {
  readonly flags?: number;
  readonly mapped?: EndpointFlag;
  readonly json?: boolean;
}

/** What each kind must be given, and what it may be given besides. */
const NEEDS: Readonly<Record<string, readonly [needed: readonly string[], allowed: readonly string[]]>> = {
  address: [
    ['server', 'mapped'],
    ['flags', 'cone'],
  ],
  bubble: [
    ['source', 'destination'],
    ['hopLimit', 'origin', 'nonce', 'alternate', 'randomPort', 'neighbor'],
  ],
  rs: [[], ['cone', 'nonce']],
  ra: [
    ['server', 'origin'],
    ['nonce', 'mtu', 'destination'],
  ],
  origin: [['origin'], []],
};

const KINDS = Object.keys(NEEDS).join(', ');

const EXAMPLES = `
Examples:
  teredo encode --server 203.0.113.1 --mapped 192.0.2.45:40001 --flags 18a5
  teredo encode rs --nonce 0102030405060708
  teredo encode ra --server 203.0.113.1 --origin 192.0.2.45:40001 --nonce 0102030405060708 --mtu 1280
  teredo encode bubble --source 2001:0:cb00:7101:18a5:63be:3fff:fdd2 \\
    --destination 2001:0:c633:6401:2c3e:372a:39cc:9bb2 --nonce deadbeef --random-port 57208
  teredo encode origin --origin 192.0.2.45:40001`;

export function register(program: Command): void {
  program
    .command('encode')
    .description('make a Teredo address, or the hex of a datagram')
    .argument('[what]', KINDS, 'address')
    .option('--server <ipv4>', 'the primary address of the server', ipv4Flag('--server'))
    .option('--mapped <ipv4:port>', 'the mapped address and port of the client', endpointFlag('--mapped'))
    .option('--flags <hex>', 'the flags of the address, four hex digits (default: 0000)', flagsFlag)
    .option('--cone', 'set the cone bit')
    .option('--source <ipv6>', 'inner source address', ipv6Flag('--source'))
    .option('--destination <ipv6>', 'inner destination address', ipv6Flag('--destination'))
    .option('--hop-limit <n>', 'inner hop limit (default: 21)', numberFlag('--hop-limit', 0, 255, 'a hop limit'))
    .option('--origin <ipv4:port>', 'an origin indication', endpointFlag('--origin'))
    .option('--nonce <hex>', 'rs and ra: 8 octets of an authentication header; bubble: 4 of a nonce trailer')
    .option('--alternate <ipv4:port...>', 'alternate address trailer: up to 4 endpoints')
    .option('--random-port <n>', 'random port trailer', portFlag('--random-port'))
    .option('--neighbor <type>', 'neighbor discovery trailer: solicitation or advertisement')
    .option('--mtu <n>', 'MTU option', numberFlag('--mtu', 1280, 65_535, 'an MTU'))
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(encode);
}

async function encode(what: string, options: EncodeOptions): Promise<void> {
  check(what, options);
  if (what === 'address') {
    const text = formatIpv6(makeAddress(options));
    print(text, { schemaVersion: 1, type: 'address', address: text }, options);
    return;
  }
  const { encodeDatagram } = await import('./encode-datagram.ts');
  const { describe } = await import('../wire/describe.ts');
  const bytes = encodeDatagram(what, options);
  const hex = formatHex(bytes);
  const { kind, summary } = describe(bytes);
  print(hex, { schemaVersion: 1, type: 'datagram', kind, summary, hex }, options);
}

function print(text: string, json: Record<string, unknown>, { json: isJson }: EncodeOptions): void {
  process.stdout.write(`${isJson ? JSON.stringify(json, undefined, 2) : text}\n`);
}

/** RFC 4380 §4. */
function makeAddress({ server, mapped, flags, cone }: EncodeOptions): Uint8Array {
  const address = new Uint8Array(teredo.LENGTH);
  const bits = (flags ?? 0) | (cone ? teredo.FLAG_CONE : 0);
  teredo.emit(address, 0, server!, bits, mapped!.ipv4, mapped!.port);
  return address;
}

function check(what: string, options: EncodeOptions): void {
  const needs = NEEDS[what];
  if (needs === undefined) {
    throw usageError('WHAT', what, 'not a thing to encode', `choose ${KINDS}`);
  }
  const [needed, allowed] = needs;
  const given = Object.keys(options).filter((key) => key !== 'json');
  for (const key of needed) {
    if (!given.includes(key)) throw usageError('WHAT', what, `needs ${flagName(key)}`, 'see "teredo encode --help"');
  }
  for (const key of given) {
    if (!needed.includes(key) && !allowed.includes(key)) {
      const fix = `leave it away; ${what} takes ${[...needed, ...allowed].map(flagName).join(', ')}`;
      throw usageError(flagName(key), '', `means nothing for ${what}`, fix);
    }
  }
}

/** "hopLimit" is --hop-limit. */
function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function flagsFlag(value: string): number {
  if (/^(0x)?[0-9a-f]{1,4}$/i.test(value)) return Number.parseInt(value.replace(/^0x/i, ''), 16);
  throw usageError('--flags', value, 'not four hex digits', 'for instance --flags 18a5');
}
