import { describe, expect, test } from 'vitest';
import { Batch } from '../../../src/batch/batch.ts';
import { Identity } from '../../../src/roles/client/identity.ts';
import { ProvisionalFlows } from '../../../src/roles/client/provisional.ts';
import * as checksum from '../../../src/wire/checksum.ts';
import * as icmpv6 from '../../../src/wire/icmpv6.ts';
import * as ipv6 from '../../../src/wire/ipv6.ts';
import { formatIpv6 } from '../../../src/wire/text.ts';
import { bubble, echoRequest, replyTo } from '../packets.ts';
import { A, NATIVE } from '../scene.ts';
import { ip, ip6, seededRandom } from '../support.ts';

const P = '2001:0:cb00:7101:0:ffff:ffff:ffff';

describe('Flows from a provisional address', () => {
  for (const [name, make] of [
    ['TCP', () => segment(6)],
    ['UDP', () => segment(17)],
    ['ICMPv6 echo', () => echoRequest(P, NATIVE)],
  ] as const) {
    test(`${name}: leaves with the real address and a right checksum, and its answer comes back to the provisional one`, () => {
      const flows = made();
      const out = through(flows, make(), 0);
      expect(formatIpv6(out, ipv6.SOURCE)).toBe(A);
      expect(checksum.upperLayer(out, 0, out[6]!)).toBe(0);
      const back = received(flows, name === 'ICMPv6 echo' ? replyTo(out) : answerTo(out), 10);
      expect(formatIpv6(back, ipv6.DESTINATION)).toBe(P);
      expect(checksum.upperLayer(back, 0, back[6]!)).toBe(0);
    });
  }

  test('a super-packet keeps the sum of the pseudo-header in its field', () => {
    const flows = made();
    const bytes = segment(6);
    const before = checksum.pseudoHeader(bytes, 0, bytes.length - 40, 6);
    bytes.set(
      [~checksum.finish(before) >>> 8, ~checksum.finish(before) & 0xff].map((octet) => octet & 0xff),
      40 + 16,
    );
    const out = through(flows, bytes, 0, 1200);
    const after = ~checksum.finish(checksum.pseudoHeader(out, 0, out.length - 40, 6)) & 0xffff;
    expect((out[56]! << 8) | out[57]!).toBe(after);
  });

  test('what nobody began from there stays as it is; so does a packet that cannot be told apart', () => {
    const flows = made();
    through(flows, segment(17), 0);
    const stranger = segment(17, NATIVE, A, 9, 9);
    expect(received(flows, stranger.slice(), 0)).toEqual(stranger);
    const odd = bubble(P, NATIVE);
    expect(through(flows, odd.slice(), 0)).toEqual(odd);
  });

  test('ports that another program uses from the real address are its own from then on', () => {
    const flows = made();
    const out = through(flows, segment(17), 0);
    expect(flows.size).toBe(1);
    through(flows, segment(17, A), 1);
    expect(flows.size).toBe(0);
    expect(formatIpv6(received(flows, answerTo(out), 2), ipv6.DESTINATION)).toBe(A);
  });

  test('RFC 4787 §4.3, RFC 5382 §5: UDP ends after 5 min of silence, TCP after 2 h 4 min at the earliest', () => {
    for (const [protocol, lifetimeMs] of [
      [17, 300_000],
      [6, 7_440_000],
    ] as const) {
      const flows = made();
      const out = through(flows, segment(protocol), 0);
      expect(formatIpv6(received(flows, answerTo(out), lifetimeMs - 1), ipv6.DESTINATION)).toBe(P);
      expect(formatIpv6(received(flows, answerTo(out), 3 * lifetimeMs), ipv6.DESTINATION)).toBe(A);
    }
  });

  test('an ICMPv6 error about such a flow reaches it, the quoted packet as the host wrote it', () => {
    const flows = made();
    const sent = segment(17);
    const out = through(flows, sent.slice(), 0);
    const error = new Uint8Array(icmpv6.ERROR_LENGTH_MAX);
    const length = icmpv6.emitTooBig(error, 0, 1280, ip6(NATIVE), out);
    const back = received(flows, error.slice(0, length), 1);
    expect(formatIpv6(back, ipv6.DESTINATION)).toBe(P);
    expect(checksum.isIcmpv6Right(back, 0)).toBe(true);
    expect(back.slice(48, 48 + sent.length)).toEqual(sent);
  });

  test('SEC-12: 1024 flows at most, the oldest make room', () => {
    const flows = made();
    for (let port = 1; port <= 1030; port++) through(flows, segment(17, P, NATIVE, port), 0);
    expect(flows.size).toBe(1024);
    const answer = (port: number) => received(flows, segment(17, NATIVE, A, 53, port), 1);
    expect(formatIpv6(answer(1), ipv6.DESTINATION)).toBe(A);
    expect(formatIpv6(answer(1030), ipv6.DESTINATION)).toBe(P);
  });

  test('an address that was foretold right needs nothing', () => {
    const flows = made(A);
    flows.settle();
    expect(flows.isActive).toBe(false);
  });
});

// ---- Helpers ------------------------------------------------------------------------------------------------------

/** Flows of a host whose real address is A. */
function made(provisional = P): ProvisionalFlows {
  const identity = new Identity(seededRandom());
  identity.use({ ipv4: ip('203.0.113.1'), ipv4Secondary: ip('203.0.113.2'), preference: 0 });
  identity.address.set(ip6(A));
  const flows = new ProvisionalFlows(identity);
  flows.begin(ip6(provisional));
  return flows;
}

/** A UDP datagram or a TCP segment of odd length with a right checksum. */
function segment(protocol: number, from = P, to = NATIVE, source = 4000, destination = 53): Uint8Array {
  const length = protocol === 6 ? 25 : 13;
  const bytes = new Uint8Array(40 + length);
  ipv6.emit(bytes, 0, length, protocol, 64, ip6(from), 0, ip6(to), 0);
  bytes.set([source >>> 8, source & 0xff, destination >>> 8, destination & 0xff], 40);
  if (protocol === 17) bytes.set([0, length], 44);
  bytes.fill(0xa5, 40 + (protocol === 6 ? 20 : 8));
  const field = 40 + (protocol === 6 ? 16 : 6);
  const value = checksum.upperLayer(bytes, 0, protocol);
  bytes.set([value >>> 8, value & 0xff], field);
  return bytes;
}

function answerTo(sent: Uint8Array): Uint8Array {
  const port = (at: number) => (sent[at]! << 8) | sent[at + 1]!;
  return segment(sent[6]!, formatIpv6(sent, ipv6.DESTINATION), formatIpv6(sent, ipv6.SOURCE), port(42), port(40));
}

function through(flows: ProvisionalFlows, bytes: Uint8Array, now: number, segmentSize = 0): Uint8Array {
  const batch = batchOf(bytes, segmentSize);
  flows.transmit(batch, now);
  return batch.packet(0).slice();
}

function received(flows: ProvisionalFlows, bytes: Uint8Array, now: number): Uint8Array {
  const batch = batchOf(bytes, 0);
  flows.receive(batch, now);
  return batch.packet(0).slice();
}

function batchOf(bytes: Uint8Array, segmentSize: number): Batch {
  const batch = new Batch(1, new Uint8Array(4096));
  batch.push(bytes, 0, 0, 0, segmentSize);
  return batch;
}
