/** Router solicitations as whole Ethernet frames, each from another UDP port of one host. */
import { SERVER_PORT } from '../../src/roles/constants.ts';
import * as authentication from '../../src/wire/authentication.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import { parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

const ETHERNET_LENGTH = 14;
const ETHERTYPE_IPV4 = 0x0800;
const IPV4_LENGTH = 20;
const UDP_LENGTH = 8;
const FIRST_PORT = 20_000;
const NOBODY = new Uint8Array(0);

/** From whom to whom, on one cable. */
export interface Way {
  /** 6 octets each. */
  readonly fromMac: Uint8Array;
  readonly toMac: Uint8Array;
  readonly source: string;
  readonly server: string;
}

/**
 * Solicitations of `count` clients behind one NAT.
 *
 * Shape:  what clients send without secure qualification (RFC 4380 §5.2.1): an authentication header with a nonce of
 *         its own, the cone bit clear (RFC 5991 §3.2).
 */
export function solicitations({ fromMac, toMac, source, server }: Way, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, client) => {
    const start = ETHERNET_LENGTH + IPV4_LENGTH + UDP_LENGTH;
    const bytes = new Uint8Array(start + authentication.LENGTH_MIN + routerSolicitation.LENGTH);
    bytes.set(toMac);
    bytes.set(fromMac, toMac.length);
    new DataView(bytes.buffer).setUint16(2 * toMac.length, ETHERTYPE_IPV4);
    const packetAt = authentication.emit(bytes, start, NOBODY, NOBODY, nonce(client), 0, 0);
    routerSolicitation.emit(bytes, packetAt, parseIpv6('fe80::ffff:ffff:ffff')!);
    const packet = new DataView(bytes.buffer, ETHERNET_LENGTH);
    emitHeaders(packet, parseIpv4(source)!, parseIpv4(server)!, FIRST_PORT + client);
    return bytes;
  });
}

function nonce(client: number): Uint8Array {
  const bytes = new Uint8Array(authentication.NONCE_LENGTH).fill(0xa5);
  new DataView(bytes.buffer).setUint32(0, client);
  return bytes;
}

/** IPv4 without options, and UDP. */
function emitHeaders(view: DataView, source: number, destination: number, port: number): void {
  view.setUint8(0, 0x45);
  view.setUint16(2, view.byteLength);
  view.setUint8(8, 64);
  view.setUint8(9, 17);
  view.setInt32(12, source);
  view.setInt32(16, destination);
  view.setUint16(10, internetChecksum(view, 0, IPV4_LENGTH, 0));
  const length = view.byteLength - IPV4_LENGTH;
  view.setUint16(IPV4_LENGTH, port);
  view.setUint16(IPV4_LENGTH + 2, SERVER_PORT);
  view.setUint16(IPV4_LENGTH + 4, length);
  // RFC 768: over the addresses, the protocol, the length and the datagram.
  view.setUint16(IPV4_LENGTH + 6, internetChecksum(view, 12, view.byteLength, 17 + length) || 0xffff);
}

/** RFC 1071, from `at` to `end`, on top of `sum`. */
function internetChecksum(view: DataView, at: number, end: number, sum: number): number {
  for (; at < end; at += 2) sum += at + 1 < end ? view.getUint16(at) : view.getUint8(at) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
