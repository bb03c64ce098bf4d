import * as teredo from '../wire/teredo.ts';
import { formatHex, formatIpv4, formatIpv6 } from '../wire/text.ts';

/** One field of a Teredo address. */
export interface AddressField {
  readonly name: string;
  /** Offset and length in the address, in octets. */
  readonly at: number;
  readonly length: number;
  readonly hex: string;
  /** What it says, once decoded. */
  readonly value: string;
  /** How it is decoded; empty: it stands there in clear. */
  readonly how: string;
}

/** The five fields of a Teredo address (RFC 4380 §4, RFC 5991 §3.1). */
export function addressFields(address: Uint8Array): AddressField[] {
  const hex = (at: number, length: number) => formatHex(address.subarray(at, at + length));
  const flags = teredo.flags(address, 0);
  const random = (flags & teredo.FLAGS_RANDOM).toString(2);
  return [
    { name: 'prefix', at: 0, length: 4, hex: hex(0, 4), value: '2001:0::/32', how: '' },
    {
      name: 'server',
      at: teredo.SERVER,
      length: 4,
      hex: hex(teredo.SERVER, 4),
      value: formatIpv4(teredo.server(address, 0)),
      how: '',
    },
    {
      name: 'flags',
      at: teredo.FLAGS,
      length: 2,
      hex: hex(teredo.FLAGS, 2),
      value: `cone ${flags >>> 15}`,
      how: random === '0' ? '' : 'rest random',
    },
    {
      name: 'mapped port',
      at: teredo.PORT,
      length: 2,
      hex: hex(teredo.PORT, 2),
      value: String(teredo.port(address, 0)),
      how: 'xor ffff',
    },
    {
      name: 'mapped IPv4',
      at: teredo.IPV4,
      length: 4,
      hex: hex(teredo.IPV4, 4),
      value: formatIpv4(teredo.ipv4(address, 0)),
      how: 'xor ffffffff',
    },
  ];
}

/** The 16 octets as a row of boxes, each with its meaning below. At most 77 characters wide. */
export function drawAddress(address: Uint8Array): string[] {
  const fields = addressFields(address);
  const widths = fields.map(
    ({ name, value, how, length }) => Math.max(name.length, value.length, how.length, 3 * length - 1) + 2,
  );
  const row = (cells: readonly string[], left: string, middle: string, right: string) =>
    left + cells.map((cell, i) => centre(cell, widths[i]!)).join(middle) + right;
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
  const octets = ({ hex }: AddressField) => hex.replace(/(..)(?=.)/g, '$1 ');
  return [
    formatIpv6(address),
    rule('┌', '┬', '┐'),
    row(fields.map(octets), '│', '│', '│'),
    rule('├', '┼', '┤'),
    row(
      fields.map(({ name }) => name),
      '│',
      '│',
      '│',
    ),
    row(
      fields.map(({ value }) => value),
      '│',
      '│',
      '│',
    ),
    row(
      fields.map(({ how }) => how),
      '│',
      '│',
      '│',
    ),
    rule('└', '┴', '┘'),
  ];
}

function centre(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return `${' '.repeat(left)}${text}`.padEnd(width);
}
