import * as authentication from '../wire/authentication.ts';
import { readI32 } from '../wire/bytes.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as origin from '../wire/origin.ts';
import * as routerAdvertisement from '../wire/router-advertisement.ts';
import * as routerSolicitation from '../wire/router-solicitation.ts';
import * as teredo from '../wire/teredo.ts';
import { parseIpv6 } from '../wire/text.ts';
import * as trailer from '../wire/trailer.ts';
import { type EndpointFlag, endpointFlag, octetsOf } from './encode-flags.ts';
import { usageError } from './flags.ts';

export interface DatagramOptions {
  readonly server?: number;
  readonly cone?: boolean;
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly hopLimit?: number;
  readonly origin?: EndpointFlag;
  readonly nonce?: string;
  readonly alternate?: readonly string[];
  readonly randomPort?: number;
  readonly neighbor?: string;
  readonly mtu?: number;
}

/** What Windows sends from Vista on (ledger W-06). */
const SOLICITING = parseIpv6('fe80::ffff:ffff:fffe')!;
const SOLICITING_CONE = parseIpv6('fe80::8000:ffff:ffff:fffe')!;
/** Ledger W-10. */
const HOP_LIMIT = 21;
const SERVER_PORT = 3544;
/** Octets; the longest datagram made here is below it. */
const ROOM = 256;

/** The octets of a datagram; what it needs is there, `encode` has checked. */
export function encodeDatagram(kind: string, options: DatagramOptions): Uint8Array {
  const bytes = new Uint8Array(ROOM);
  const end =
    kind === 'bubble'
      ? bubble(bytes, options)
      : kind === 'rs'
        ? solicitation(bytes, options)
        : kind === 'ra'
          ? advertisement(bytes, options)
          : origin.emit(bytes, 0, options.origin!.ipv4, options.origin!.port);
  return bytes.subarray(0, end);
}

function bubble(bytes: Uint8Array, options: DatagramOptions): number {
  const { source, destination, hopLimit = HOP_LIMIT, nonce, alternate, randomPort, neighbor } = options;
  let at = options.origin === undefined ? 0 : origin.emit(bytes, 0, options.origin.ipv4, options.origin.port);
  at = ipv6.emitBubble(bytes, at, hopLimit, source!, 0, destination!, 0);
  // The order of Windows: nonce, alternate address, random port (ledger W-17).
  if (nonce !== undefined) at = trailer.emitNonce(bytes, at, readI32(octetsOf('--nonce', nonce, 4), 0));
  if (alternate !== undefined) {
    if (alternate.length > trailer.ALTERNATES_MAX) {
      throw usageError('--alternate', alternate.join(' '), 'RFC 6081 §4.3 allows 4 endpoints', 'name fewer');
    }
    at = trailer.emitAlternates(bytes, at, alternate.map(endpointFlag('--alternate')));
  }
  if (neighbor !== undefined) {
    if (neighbor !== 'solicitation' && neighbor !== 'advertisement') {
      throw usageError('--neighbor', neighbor, 'no such type', 'choose solicitation or advertisement');
    }
    at = trailer.emitDiscovery(bytes, at, neighbor);
  }
  return randomPort === undefined ? at : trailer.emitRandomPort(bytes, at, randomPort);
}

function solicitation(bytes: Uint8Array, options: DatagramOptions): number {
  return routerSolicitation.emit(bytes, authenticated(bytes, options), options.cone ? SOLICITING_CONE : SOLICITING);
}

function advertisement(bytes: Uint8Array, options: DatagramOptions): number {
  const { server, destination = SOLICITING, mtu } = options;
  const at = origin.emit(bytes, authenticated(bytes, options), options.origin!.ipv4, options.origin!.port);
  const source = new Uint8Array(16);
  // Ledger W-05: the server's own link-local address keeps the cone bit.
  teredo.emitLinkLocal(source, 0, teredo.FLAG_CONE, server!, SERVER_PORT);
  return routerAdvertisement.emit(bytes, at, source, destination, 0, server!, mtu);
}

/** An authentication header without identifier and value, when there is a nonce; the next offset. */
function authenticated(bytes: Uint8Array, { nonce }: DatagramOptions): number {
  if (nonce === undefined) return 0;
  const none = new Uint8Array(0);
  return authentication.emit(bytes, 0, none, none, octetsOf('--nonce', nonce, authentication.NONCE_LENGTH), 0, 0);
}
