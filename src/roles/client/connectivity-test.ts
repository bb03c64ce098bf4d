import type { PeerTable } from '../../peers/peer-table.ts';
import { readI32, writeI32 } from '../../wire/bytes.ts';
import * as checksum from '../../wire/checksum.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { Case, type CaseCounters } from '../case.ts';
import { BUBBLE_HOP_LIMIT, TEST_VALIDITY_MS } from '../constants.ts';
import type { Outbox } from '../outbox.ts';
import type { Random } from '../role.ts';

/** Octets of random data: 64 bits, as RFC 4380 §5.2.9 advises. */
const NONCE_LENGTH = 8;
const ECHO_LENGTH = ipv6.LENGTH + icmpv6.HEADER_LENGTH + NONCE_LENGTH;

/**
 * The direct IPv6 connectivity test (RFC 4380 §5.2.9; ledger W-15, CLI-90, CLI-92): an echo request to a native host goes through our server;
 * the reply comes back through the relay nearest to that host, and shows where that relay is.
 */

/**
 * Writes an echo request to `peer` into the outbox.
 *
 * Shape:  the nonce is drawn once for a round of tests and stored with the peer, so that a late reply still counts;
 *         `lastTestAt` is the instant of the test before this one.
 */
export function emit(
  peers: PeerTable,
  peer: number,
  source: Uint8Array,
  random: Random,
  outbox: Outbox,
  server: number,
  serverPort: number,
  lastTestAt: number,
  now: number,
  cases: CaseCounters,
): boolean {
  const at = outbox.reserve(ECHO_LENGTH);
  if (at < 0) return false;
  // Two zero words mean "no test"; 64 random bits are hardly ever that, and a test that is lost is repeated.
  if (!isRunning(peers, peer, lastTestAt, now)) {
    peers.nonceHigh[peer] = random.uint32();
    peers.nonceLow[peer] = random.uint32();
  }
  const nonce = new Uint8Array(NONCE_LENGTH);
  writeI32(nonce, 0, peers.nonceHigh[peer]!);
  writeI32(nonce, 4, peers.nonceLow[peer]!);
  const identifier = random.uint32() & 0xffff;
  const type = icmpv6.ECHO_REQUEST;
  const destination = peers.address(peer);
  const bytes = outbox.bytes;
  outbox.add(
    icmpv6.emitEcho(bytes, at, type, BUBBLE_HOP_LIMIT, source, 0, destination, 0, identifier, 1, nonce),
    server,
    serverPort,
  );
  cases[Case.ConnectivityTestsSent]!++;
  return true;
}

/**
 * Whether the packet at `at` is the reply to the running test of `peer`. A reply is good once.
 *
 * Shape:  true within TEST_VALIDITY_MS of the last test.
 * Source: RFC 4380 §5.2.3 (2), §7.2.2; ledger CLI-65.
 */
export function takeReply(peers: PeerTable, peer: number, bytes: Uint8Array, at: number, now: number): boolean {
  const isReply =
    isRunning(peers, peer, peers.lastBubbleAt[peer]!, now) &&
    icmpv6.isMessage(bytes, at) &&
    icmpv6.type(bytes, at) === icmpv6.ECHO_REPLY &&
    ipv6.packetLength(bytes, at) === ECHO_LENGTH &&
    readI32(bytes, icmpv6.echoDataAt(at)) === peers.nonceHigh[peer] &&
    readI32(bytes, icmpv6.echoDataAt(at) + 4) === peers.nonceLow[peer] &&
    checksum.isIcmpv6Right(bytes, at);
  if (isReply) end(peers, peer);
  return isReply;
}

/** No reply to this peer's test is taken any more. */
export function end(peers: PeerTable, peer: number): void {
  peers.nonceHigh[peer] = 0;
  peers.nonceLow[peer] = 0;
}

function isRunning(peers: PeerTable, peer: number, lastTestAt: number, now: number): boolean {
  const hasNonce = peers.nonceHigh[peer] !== 0 || peers.nonceLow[peer] !== 0;
  return hasNonce && now - lastTestAt < TEST_VALIDITY_MS;
}
