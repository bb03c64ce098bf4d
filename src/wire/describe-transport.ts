/** The fields of TCP and UDP, as far as a reader of tunnels wants them. */

import { readU16, readU32 } from './bytes.ts';
import type { Upper } from './describe-ipv6.ts';
import { type Field, field, hex } from './field.ts';

const TCP_LENGTH_MIN = 20;
const UDP_LENGTH = 8;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

export function describeTcp(bytes: Uint8Array, at: number, end: number): Upper {
  if (end - at < TCP_LENGTH_MIN) return cut('TCP', 'tcp', at, end);
  const header = 4 * (bytes[at + 12]! >>> 4);
  const flags = readU16(bytes, at + 12) & 0x1ff;
  const payload = Math.max(0, end - at - header);
  const [source, destination] = [readU16(bytes, at), readU16(bytes, at + 2)];
  const names = FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0).join(', ');
  const kind = tcpKind(flags, payload);
  const fields = [
    field('tcp', 'TCP', `${source} > ${destination}, ${names || 'no flags'}`, at, Math.min(header, end - at), [
      field('tcp.srcport', 'Source port', source, at, 2),
      field('tcp.dstport', 'Destination port', destination, at + 2, 2),
      field('tcp.seq_raw', 'Sequence number', readU32(bytes, at + 4), at + 4, 4),
      field('tcp.ack_raw', 'Acknowledgment number', readU32(bytes, at + 8), at + 8, 4),
      field('tcp.hdr_len', 'Header length', header, at + 12, 1),
      field('tcp.flags', 'Flags', `${hex(flags, 2)} (${names})`, at + 12, 2),
      field('tcp.window_size_value', 'Window', readU16(bytes, at + 14), at + 14, 2),
      field('tcp.checksum', 'Checksum', hex(readU16(bytes, at + 16), 2), at + 16, 2),
      field('tcp.len', 'Payload', payload, at + Math.min(header, end - at), payload),
    ]),
  ];
  return { kind, words: kind, details: payloadWords(payload), ports: [source, destination], fields };
}

export function describeUdp(bytes: Uint8Array, at: number, end: number): Upper {
  if (end - at < UDP_LENGTH) return cut('UDP', 'udp', at, end);
  const [source, destination] = [readU16(bytes, at), readU16(bytes, at + 2)];
  const payload = end - at - UDP_LENGTH;
  const children: Field[] = [
    field('udp.srcport', 'Source port', source, at, 2),
    field('udp.dstport', 'Destination port', destination, at + 2, 2),
    field('udp.length', 'Length', readU16(bytes, at + 4), at + 4, 2),
    field('udp.checksum', 'Checksum', hex(readU16(bytes, at + 6), 2), at + 6, 2),
  ];
  if (payload > 0) children.push(field('udp.payload', 'Payload', `${payload} octets`, at + UDP_LENGTH, payload));
  const fields = [field('udp', 'UDP', `${source} > ${destination}`, at, UDP_LENGTH, children)];
  return { kind: 'UDP', words: 'UDP', details: payloadWords(payload), ports: [source, destination], fields };
}

function tcpKind(flags: number, payload: number): string {
  if ((flags & RST) !== 0) return 'TCP RST';
  if ((flags & SYN) !== 0) return (flags & ACK) === 0 ? 'TCP SYN' : 'TCP SYN-ACK';
  if ((flags & FIN) !== 0) return 'TCP FIN';
  return payload > 0 ? 'TCP data' : 'TCP ACK';
}

function cut(protocol: string, name: string, at: number, end: number): Upper {
  const fields = [field(name, protocol, 'header cut', at, end - at)];
  return { kind: protocol, words: protocol, details: ['header cut'], fields };
}

function payloadWords(payload: number): string[] {
  return payload > 0 ? [`${payload} octets`] : [];
}
