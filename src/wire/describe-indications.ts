/** The fields around the IPv6 packet: authentication and origin in front, trailers behind. */

import * as authentication from './authentication.ts';
import { readI32, readU16 } from './bytes.ts';
import type { DescribeOptions } from './describe.ts';
import { type Field, field, hex, textOrHex } from './field.ts';
import * as origin from './origin.ts';
import { formatEndpoint, formatHex, formatIpv4 } from './text.ts';
import * as trailer from './trailer.ts';

/** Fields, and the words of the summary. */
export interface Part {
  readonly fields: readonly Field[];
  readonly words: readonly string[];
}

export function describeAuthentication(bytes: Uint8Array, at: number, options: DescribeOptions): Part {
  const identifier = authentication.identifier(bytes, at);
  const value = authentication.value(bytes, at);
  const nonceAt = authentication.nonceAt(bytes, at);
  const nonce = formatHex(bytes.subarray(nonceAt, nonceAt + authentication.NONCE_LENGTH));
  const confirmation = authentication.confirmation(bytes, at);
  const children = [
    field('teredo.auth.idlen', 'Client identifier length', identifier.length, at + 2, 1),
    field('teredo.auth.aulen', 'Authentication value length', value.length, at + 3, 1),
  ];
  const words = [`nonce ${nonce}`];
  if (identifier.length > 0) {
    children.push(field('teredo.auth.id', 'Client identifier', textOrHex(identifier), at + 4, identifier.length));
    words.push(`identifier ${textOrHex(identifier)}`);
  }
  if (value.length > 0) {
    // A value helps who guesses at a weak secret, so it is not shown unless asked for.
    const shown = options.showAuthenticationValue ? formatHex(value) : `hidden, ${value.length} octets`;
    children.push(field('teredo.auth.value', 'Authentication value', shown, at + 4 + identifier.length, value.length));
    words.push(`authentication value of ${value.length} octets`);
  }
  children.push(
    field('teredo.auth.nonce', 'Nonce', nonce, nonceAt, authentication.NONCE_LENGTH),
    field('teredo.auth.conf', 'Confirmation', confirmation, nonceAt + authentication.NONCE_LENGTH, 1),
  );
  if (confirmation !== 0) words.push(`confirmation ${confirmation}`);
  const length = authentication.length(bytes, at);
  return { fields: [field('teredo.auth', 'Authentication', `nonce ${nonce}`, at, length, children)], words };
}

export function describeOrigin(bytes: Uint8Array, at: number): Part {
  const [ipv4, port] = [origin.ipv4(bytes, at), origin.port(bytes, at)];
  const endpoint = formatEndpoint(ipv4, port);
  const children = [
    field('teredo.orig.port', 'Origin port', port, at + 2, 2),
    field('teredo.orig.addr', 'Origin IPv4', formatIpv4(ipv4), at + 4, 4),
  ];
  return {
    fields: [field('teredo.orig', 'Origin indication', endpoint, at, origin.LENGTH, children)],
    words: [`origin ${endpoint}`],
  };
}

/** All that lies between the end of the packet and the end of the datagram. */
export function describeTrailers(bytes: Uint8Array, at: number, end: number): Part {
  if (at >= end) return { fields: [], words: [] };
  const children: Field[] = [];
  const words: string[] = [];
  let here = at;
  while (here < end) {
    const whole = here + 2 <= end ? 2 + bytes[here + 1]! : Number.POSITIVE_INFINITY;
    if (here + whole > end) {
      // RFC 6081 §5.1.2: reading stops here, what was read before holds.
      children.push(field('teredo.trailer.malformed', 'Malformed', `${end - here} octets`, here, end - here));
      words.push(`malformed at octet ${here - at}`);
      break;
    }
    const [child, word] = describeTrailer(bytes, here, whole);
    children.push(child);
    words.push(word);
    here += whole;
  }
  return {
    fields: [field('teredo.trailer', 'Trailers', `${end - at} octets`, at, end - at, children)],
    words: [`trailers ${words.join(', ')}`],
  };
}

function describeTrailer(bytes: Uint8Array, at: number, whole: number): [Field, string] {
  const type = bytes[at]!;
  const length = whole - 2;
  const value = at + 2;
  const head = [
    field('teredo.trailer.type', 'Type', type, at, 1),
    field('teredo.trailer.length', 'Length', length, at + 1, 1),
  ];
  if (type === trailer.NONCE && length === 4) {
    const nonce = hex(readI32(bytes, value), 4).slice(2);
    const child = field('teredo.trailer.nonce', 'Nonce', nonce, value, 4);
    return [field('teredo.trailer.entry', 'Nonce trailer', nonce, at, whole, [...head, child]), `nonce ${nonce}`];
  }
  if (type === trailer.ALTERNATE_ADDRESS && [8, 14, 20, 26].includes(length)) {
    return describeAlternates(bytes, at, whole, head);
  }
  if (type === trailer.NEIGHBOR_DISCOVERY && length === 4 && bytes[value]! <= 1) {
    const discovery = bytes[value] === 0 ? 'solicitation' : 'advertisement';
    const child = field('teredo.trailer.discovery', 'Discovery type', discovery, value, 1);
    const label = 'Neighbor discovery trailer';
    return [field('teredo.trailer.entry', label, discovery, at, whole, [...head, child]), `neighbor ${discovery}`];
  }
  if (type === trailer.RANDOM_PORT && length === 2) {
    const port = readU16(bytes, value);
    const child = field('teredo.trailer.randomport', 'Random port', port, value, 2);
    return [
      field('teredo.trailer.entry', 'Random port trailer', port, at, whole, [...head, child]),
      `random port ${port}`,
    ];
  }
  const isKnown = type >= trailer.NONCE && type <= trailer.RANDOM_PORT && type !== 2;
  const verdict = isKnown
    ? 'impossible length or value'
    : (type & 0xc0) === 0x40
      ? 'unknown, discard'
      : 'unknown, skip';
  const text = `type ${hex(type, 1)} (${verdict})`;
  return [field('teredo.trailer.entry', 'Trailer', text, at, whole, head), text];
}

function describeAlternates(bytes: Uint8Array, at: number, whole: number, head: readonly Field[]): [Field, string] {
  const entries: Field[] = [];
  for (let here = at + 4; here < at + whole; here += 6) {
    const [ipv4, port] = [readI32(bytes, here), readU16(bytes, here + 4)];
    entries.push(
      field('teredo.trailer.alternate', 'Alternate', formatEndpoint(ipv4, port), here, 6, [
        field('teredo.trailer.alternate.addr', 'IPv4', formatIpv4(ipv4), here, 4),
        field('teredo.trailer.alternate.port', 'Port', port, here + 4, 2),
      ]),
    );
  }
  const text = entries.map(({ value }) => value).join(' ');
  const label = 'Alternate address trailer';
  return [field('teredo.trailer.entry', label, text, at, whole, [...head, ...entries]), `alternate ${text}`];
}
