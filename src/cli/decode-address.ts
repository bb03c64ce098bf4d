import { readU16 } from '../wire/bytes.ts';
import { isGlobalUnicast } from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as teredo from '../wire/teredo.ts';
import { formatEndpoint, formatHex, formatIpv4, formatIpv6 } from '../wire/text.ts';
import type { DecodeOptions } from './decode.ts';
import { Exit, paint } from './terminal.ts';

/** Prints what an address says about its owner; status 1 when it says nothing of Teredo. */
export function printAddress(address: Uint8Array, options: DecodeOptions): void {
  const isTeredo = teredo.isTeredo(address, 0);
  if (!isTeredo) process.exitCode = Exit.Degraded;
  if (options.json) {
    process.stdout.write(`${JSON.stringify(toJson(address, isTeredo), undefined, 2)}\n`);
    return;
  }
  const lines = isTeredo ? picture(address) : [notTeredo(address)];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function toJson(address: Uint8Array, isTeredo: boolean): Record<string, unknown> {
  const text = formatIpv6(address);
  if (!isTeredo) return { schemaVersion: 1, type: 'address', address: text, teredo: false };
  const flags = teredo.flags(address, 0);
  const server = teredo.server(address, 0);
  const mapped = teredo.ipv4(address, 0);
  return {
    schemaVersion: 1,
    type: 'address',
    address: text,
    teredo: true,
    server: { ipv4: formatIpv4(server), globalUnicast: isGlobalUnicast(server) },
    flags: {
      value: flags,
      cone: flags >>> 15,
      z: (flags >>> 14) & 1,
      universal: (flags >>> 9) & 1,
      group: (flags >>> 8) & 1,
      random: randomBits(flags),
    },
    mapped: { ipv4: formatIpv4(mapped), port: teredo.port(address, 0), globalUnicast: isGlobalUnicast(mapped) },
  };
}

/** The four octets after the prefix and so on, in the columns of the drawing. */
const COLUMNS = [
  { at: 0, length: 4, width: 14 },
  { at: 4, length: 4, width: 17 },
  { at: 8, length: 2, width: 10 },
  { at: 10, length: 2, width: 10 },
  { at: 12, length: 4, width: 17 },
] as const;

function picture(address: Uint8Array): string[] {
  const flags = teredo.flags(address, 0);
  const port = teredo.port(address, 0);
  const server = teredo.server(address, 0);
  const mapped = teredo.ipv4(address, 0);
  const octets = COLUMNS.map(({ at, length }) =>
    formatHex(address.subarray(at, at + length)).replace(/..(?=.)/g, '$& '),
  );
  const braces = COLUMNS.map(({ length }) => (length === 4 ? '└────┬────┘' : '└─┬─┘'));
  const bits = flags.toString(2).padStart(16, '0');
  const groups = [bits[0], bits[1], bits.slice(2, 6), bits[6], bits[7], bits.slice(8)];
  return [
    paint('bold', `A Teredo address: ${formatEndpoint(mapped, port)} behind server ${formatIpv4(server)}`),
    '',
    row(octets),
    paint('dim', row(braces)),
    row(['prefix', 'server', 'flags', 'port', 'IPv4']),
    row(['2001:0::/32', formatIpv4(server), hex(flags), String(port), formatIpv4(mapped)]),
    paint('dim', row(['', 'in clear', '', '^ ffff', '^ ffffffff'])),
    '',
    `  flags   ${groups.join(' ')}`,
    paint('dim', '          C z RRRR U G RRRRRRRR'),
    `  cone bit (C)     ${cone(flags)}`,
    `  random bits (R)  0x${randomBits(flags).toString(16).padStart(3, '0')}${origin(flags)}`,
    `  z, U, G          ${reserved(flags)}`,
    '',
    `  mapped IPv4      ${reach(mapped)}`,
    `  server IPv4      ${reach(server)}`,
    ...(port === 0 ? ['  mapped port      0: no datagram can be sent there'] : []),
  ];
}

function row(cells: readonly (string | undefined)[]): string {
  const padded = cells.map((cell = '', i) => {
    const { width } = COLUMNS[i]!;
    const left = Math.floor((width - cell.length) / 2);
    return `${' '.repeat(Math.max(0, left))}${cell}`.padEnd(width);
  });
  return ` ${padded.join('')}`.trimEnd();
}

function cone(flags: number): string {
  return (flags & teredo.FLAG_CONE) === 0 ? '0' : '1: old clients behind a cone NAT set it; read as 0 (RFC 5991)';
}

/** RFC 5991 §3: twelve bits at random; zeros are nearly always those of a client from before it. */
function origin(flags: number): string {
  return randomBits(flags) === 0 ? ': none drawn, as before RFC 5991' : ', drawn by the client (RFC 5991)';
}

function reserved(flags: number): string {
  const set = [
    [0x4000, 'z'],
    [0x0200, 'U'],
    [0x0100, 'G'],
  ] as const;
  const names = set.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? 'all 0' : `${names.join(', ')} set, which no client should do; ignored`;
}

/** Ledger SEC-01, RFC 4380 §5.2.4: whether any Teredo node may send there. */
function reach(ipv4: number): string {
  return isGlobalUnicast(ipv4)
    ? 'global unicast: may be sent to (RFC 4380 §5.2.4)'
    : 'not global unicast: nobody may send to it (RFC 4380 §5.2.4)';
}

/** RFC 5991 §3.1: four bits and eight bits, read as one number of twelve. */
function randomBits(flags: number): number {
  return (((flags >>> 10) & 15) << 8) | (flags & 0xff);
}

function notTeredo(address: Uint8Array): string {
  const text = formatIpv6(address);
  if (ipv6.isLinkLocal(address, 0) && teredo.port(address, 0) === 3544 && teredo.flags(address, 0) === 0x8000) {
    return `${text} is no Teredo address, but the link-local address of the Teredo server ${formatIpv4(teredo.ipv4(address, 0))}`;
  }
  const begins = `${readU16(address, 0).toString(16)}:${readU16(address, 2).toString(16)}`;
  return `${text} is no Teredo address: it begins with ${begins}, not with 2001:0`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}
