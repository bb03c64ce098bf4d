/** Router solicitations as whole IPv4 packets, each from another UDP port of one host. */
import { SERVER_PORT } from '../../src/roles/constants.ts';
import * as authentication from '../../src/wire/authentication.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import { parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

const IPV4_LENGTH = 20;
const UDP_LENGTH = 8;
const FIRST_PORT = 20_000;
const NOBODY = new Uint8Array(0);

/**
 * Solicitations of `count` clients behind one NAT.
 *
 * Shape:  what clients send without secure qualification (RFC 4380 §5.2.1): an authentication header with a nonce of
 *         its own, the cone bit clear (RFC 5991 §3.2).
 */
export function solicitations(source: string, server: string, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, client) => {
    const start = IPV4_LENGTH + UDP_LENGTH;
    const bytes = new Uint8Array(start + authentication.LENGTH_MIN + routerSolicitation.LENGTH);
    const packetAt = authentication.emit(bytes, start, NOBODY, NOBODY, nonce(client), 0, 0);
    routerSolicitation.emit(bytes, packetAt, parseIpv6('fe80::ffff:ffff:ffff')!);
    emitHeaders(new DataView(bytes.buffer), parseIpv4(source)!, parseIpv4(server)!, FIRST_PORT + client);
    return bytes;
  });
}

function nonce(client: number): Uint8Array {
  const bytes = new Uint8Array(authentication.NONCE_LENGTH).fill(0xa5);
  new DataView(bytes.buffer).setUint32(0, client);
  return bytes;
}

/** IPv4 without options (the kernel fills in what is 0: total length, identification, checksum), and UDP. */
function emitHeaders(view: DataView, source: number, destination: number, port: number): void {
  view.setUint8(0, 0x45);
  view.setUint8(8, 64);
  view.setUint8(9, 17);
  view.setInt32(12, source);
  view.setInt32(16, destination);
  const length = view.byteLength - IPV4_LENGTH;
  view.setUint16(IPV4_LENGTH, port);
  view.setUint16(IPV4_LENGTH + 2, SERVER_PORT);
  view.setUint16(IPV4_LENGTH + 4, length);
  view.setUint16(IPV4_LENGTH + 6, udpChecksum(view, length));
}

/** RFC 768, over the addresses, the protocol, the length and the datagram. */
function udpChecksum(view: DataView, length: number): number {
  let sum = 17 + length;
  for (let at = 12; at < view.byteLength; at += 2) {
    sum += at + 1 < view.byteLength ? view.getUint16(at) : view.getUint8(at) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff || 0xffff;
}
