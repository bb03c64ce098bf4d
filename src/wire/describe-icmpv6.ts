/** The fields of an ICMPv6 message (RFC 4443, RFC 4861), named as tshark names them. */

import { readU16, readU32 } from './bytes.ts';
import * as checksum from './checksum.ts';
import type { Upper } from './describe-ipv6.ts';
import { type Field, field, hex } from './field.ts';
import * as icmpv6 from './icmpv6.ts';
import * as ipv6 from './ipv6.ts';
import * as teredo from './teredo.ts';
import { formatHex, formatIpv6 } from './text.ts';

const KINDS: Readonly<Record<number, string>> = {
  [icmpv6.DESTINATION_UNREACHABLE]: 'destination unreachable',
  [icmpv6.PACKET_TOO_BIG]: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  [icmpv6.ECHO_REQUEST]: 'echo request',
  [icmpv6.ECHO_REPLY]: 'echo reply',
  [icmpv6.ROUTER_SOLICITATION]: 'router solicitation',
  [icmpv6.ROUTER_ADVERTISEMENT]: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  [icmpv6.REDIRECT]: 'redirect',
};

const UNREACHABLE_CODES = [
  'no route',
  'administratively prohibited',
  'beyond scope of source',
  'address unreachable',
  'port unreachable',
  'failed ingress policy',
  'rejected route',
];

/** RFC 4861 §4.6: options behind the fixed part of these messages, in octets of that part. */
const OPTIONS_AT: Readonly<Record<number, number>> = { 133: 8, 134: 16, 135: 24, 136: 24, 137: 40 };

/** `at` is the offset of the IPv6 header, `here` that of the message. */
export function describeIcmpv6(bytes: Uint8Array, at: number, here: number, end: number): Upper {
  if (end - here < icmpv6.HEADER_LENGTH) {
    const fields = [field('icmpv6', 'ICMPv6', 'header cut', here, end - here)];
    return { kind: 'ICMPv6', words: 'ICMPv6', details: ['header cut'], fields };
  }
  const type = bytes[here]!;
  const code = bytes[here + 1]!;
  const kind = KINDS[type] ?? `ICMPv6 type ${type}`;
  const initial = checksum.pseudoHeader(bytes, at, end - here, ipv6.NEXT_ICMPV6);
  const isRight = checksum.finish(checksum.sum(bytes, here, end - here, initial)) === 0;
  const { words, fields } = describeBody(bytes, at, here, end);
  const children = [
    field('icmpv6.type', 'Type', type, here, 1),
    field('icmpv6.code', 'Code', code, here + 1, 1),
    field('icmpv6.checksum', 'Checksum', hex(readU16(bytes, here + 2), 2), here + 2, 2, [
      field('icmpv6.checksum.status', 'Checksum status', isRight ? 'good' : 'bad', here + 2, 2),
    ]),
    ...fields,
  ];
  const options = OPTIONS_AT[type];
  if (options !== undefined) {
    for (const { option, word } of describeOptions(bytes, here + options, end)) {
      children.push(option);
      if (word !== undefined) words.push(word);
    }
  }
  if (!isRight) words.push('bad checksum');
  return { kind, words: kind, details: words, fields: [field('icmpv6', 'ICMPv6', kind, here, end - here, children)] };
}

function describeBody(bytes: Uint8Array, at: number, here: number, end: number): { words: string[]; fields: Field[] } {
  const rest = here + 4;
  const type = bytes[here]!;
  if (type === icmpv6.ECHO_REQUEST || type === icmpv6.ECHO_REPLY) {
    const [identifier, sequence] = [readU16(bytes, rest), readU16(bytes, rest + 2)];
    const data = bytes.subarray(rest + 4, end);
    const fields = [
      field('icmpv6.echo.identifier', 'Identifier', hex(identifier, 2), rest, 2),
      field('icmpv6.echo.sequence_number', 'Sequence', sequence, rest + 2, 2),
      field('data.data', 'Data', formatHex(data), rest + 4, data.length),
    ];
    return { words: [`id ${hex(identifier, 2)}`, `sequence ${sequence}`, `${data.length} octets`], fields };
  }
  if (type === icmpv6.ROUTER_SOLICITATION) {
    // RFC 4380 §5.2.1: the client's wish stands in the flags of its link-local source.
    const cone = (teredo.flags(bytes, at + ipv6.SOURCE) & teredo.FLAG_CONE) === 0 ? 0 : 1;
    return { words: [`cone ${cone}`], fields: [field('icmpv6.reserved', 'Reserved', readU32(bytes, rest), rest, 4)] };
  }
  if (type === icmpv6.ROUTER_ADVERTISEMENT && end - here >= 16)
    return { words: [], fields: advertisement(bytes, rest) };
  if (type < 128) return describeError(bytes, here, end);
  return { words: [], fields: [] };
}

function advertisement(bytes: Uint8Array, rest: number): Field[] {
  return [
    field('icmpv6.nd.ra.cur_hop_limit', 'Current hop limit', bytes[rest]!, rest, 1),
    field('icmpv6.nd.ra.flag', 'Flags', hex(bytes[rest + 1]!, 1), rest + 1, 1),
    field('icmpv6.nd.ra.router_lifetime', 'Router lifetime', readU16(bytes, rest + 2), rest + 2, 2),
    field('icmpv6.nd.ra.reachable_time', 'Reachable time', readU32(bytes, rest + 4), rest + 4, 4),
    field('icmpv6.nd.ra.retrans_timer', 'Retransmission timer', readU32(bytes, rest + 8), rest + 8, 4),
  ];
}

function describeError(bytes: Uint8Array, here: number, end: number): { words: string[]; fields: Field[] } {
  const words: string[] = [];
  const fields: Field[] = [];
  if (bytes[here] === icmpv6.PACKET_TOO_BIG) {
    const mtu = readU32(bytes, here + 4);
    words.push(`MTU ${mtu}`);
    fields.push(field('icmpv6.mtu', 'MTU', mtu, here + 4, 4));
  } else if (bytes[here] === icmpv6.DESTINATION_UNREACHABLE) {
    words.push(UNREACHABLE_CODES[bytes[here + 1]!] ?? `code ${bytes[here + 1]}`);
  }
  const quoted = here + icmpv6.HEADER_LENGTH;
  if (quoted + ipv6.LENGTH <= end) {
    const [source, destination] = [
      formatIpv6(bytes, quoted + ipv6.SOURCE),
      formatIpv6(bytes, quoted + ipv6.DESTINATION),
    ];
    words.push(`about ${source} > ${destination}`);
    fields.push(
      field('icmpv6.quoted', 'Quoted packet', `${source} > ${destination}`, quoted, end - quoted, [
        field('ipv6.src', 'Source', source, quoted + ipv6.SOURCE, 16),
        field('ipv6.dst', 'Destination', destination, quoted + ipv6.DESTINATION, 16),
      ]),
    );
  }
  return { words, fields };
}

function describeOptions(bytes: Uint8Array, start: number, end: number): { option: Field; word?: string }[] {
  const found: { option: Field; word?: string }[] = [];
  let at = start;
  while (at + 2 <= end) {
    const type = bytes[at]!;
    const length = 8 * bytes[at + 1]!;
    // RFC 4861 §4.6: an option of length 0, or one past the end, spoils the message.
    if (length === 0 || at + length > end) {
      found.push({ option: field('icmpv6.opt', 'Option', 'malformed', at, end - at), word: 'malformed option' });
      break;
    }
    const children = [
      field('icmpv6.opt.type', 'Type', type, at, 1),
      field('icmpv6.opt.length', 'Length', bytes[at + 1]!, at + 1, 1),
    ];
    let label = `Option ${type}`;
    let word: string | undefined;
    if (type === 3 && length === 32) {
      const prefix = `${formatIpv6(bytes, at + 16)}/${bytes[at + 2]}`;
      label = 'Prefix information';
      word = `prefix ${shortPrefix(bytes, at)}`;
      children.push(
        field('icmpv6.opt.prefix.length', 'Prefix length', bytes[at + 2]!, at + 2, 1),
        field('icmpv6.opt.prefix.flag', 'Flags', hex(bytes[at + 3]!, 1), at + 3, 1),
        field('icmpv6.opt.prefix.valid_lifetime', 'Valid lifetime', readU32(bytes, at + 4), at + 4, 4),
        field('icmpv6.opt.prefix.preferred_lifetime', 'Preferred lifetime', readU32(bytes, at + 8), at + 8, 4),
        field('icmpv6.opt.prefix', 'Prefix', prefix, at + 16, 16),
      );
    } else if (type === 5 && length === 8) {
      label = 'MTU';
      word = `MTU ${readU32(bytes, at + 4)}`;
      children.push(field('icmpv6.opt.mtu', 'MTU', readU32(bytes, at + 4), at + 4, 4));
    } else if (type === 1 || type === 2) {
      label = type === 1 ? 'Source link-layer address' : 'Target link-layer address';
      const address = formatHex(bytes.subarray(at + 2, at + length));
      children.push(field('icmpv6.opt.linkaddr', 'Link-layer address', address, at + 2, length - 2));
    }
    const option = field('icmpv6.opt', label, `${length} octets`, at, length, children);
    found.push(word === undefined ? { option } : { option, word });
    at += length;
  }
  return found;
}

/** Only the first 64 bits of the prefix: Microsoft's servers leave stray octets behind them (ledger W-14). */
function shortPrefix(bytes: Uint8Array, option: number): string {
  const length = bytes[option + 2]!;
  if (length !== 64) return `${formatIpv6(bytes, option + 16)}/${length}`;
  const prefix = new Uint8Array(16);
  prefix.set(bytes.subarray(option + 16, option + 24));
  return `${formatIpv6(prefix)}/64`;
}
