import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../../src/io/linux/arena.ts';
import { checksumOf } from '../../../src/io/linux/checksum.ts';
import { UpperLayer } from '../../../src/io/linux/inner-headers.ts';
import { Segmenter, settle } from '../../../src/io/linux/segmentation.ts';
import { VIRTIO_HEADER } from '../../../src/io/linux/virtio-header.ts';
import * as checksum from '../../../src/wire/checksum.ts';
import { ACK, build, CWR, ECE, FIN, hex, noise, type PacketPlan, PSH, TCP, UDP } from './trains.ts';

const arena = new Arena(1 << 20);
const sums = checksumOf(arena);
const segmenter = new Segmenter(arena, sums);
const place = arena.take(1 << 17) + VIRTIO_HEADER;
const headers = arena.take(4096);

const extensions = fc.array(
  fc.record({ type: fc.constantFrom(0, 60), body: fc.uint8Array({ minLength: 6, maxLength: 22 }) }),
  { maxLength: 2 },
);
const length = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 60_000, max: 65_000 }));

describe('A super-packet of the TUN device is split as the kernel would have done it', () => {
  test('TCP: any flags, options, extension headers and sizes, against a twin that builds each packet anew', () => {
    fc.assert(
      fc.property(
        fc.record({
          extensions,
          length,
          segment: fc.integer({ min: 300, max: 1_300 }),
          sequence: fc.integer(),
          flags: fc.constantFrom(ACK, ACK | PSH, ACK | PSH | FIN, ACK | CWR, ACK | ECE | CWR | PSH),
          options: fc.constantFrom(0, 4, 12, 40).map((octets) => noise(octets, 3)),
        }),
        ({ extensions, length, segment, sequence, flags, options }) => {
          const plan = {
            flow: 1,
            label: 0x0021_2345,
            extensions,
            payload: noise(length, 5),
            upper: { protocol: TCP, sequence, flags, options },
          } satisfies PacketPlan;
          const expected = cut(plan.payload, segment).map((payload, index, all) => {
            let own = flags;
            if (index > 0) own &= ~CWR;
            if (index < all.length - 1) own &= ~(FIN | PSH);
            const upper = { ...plan.upper, sequence: (sequence + index * segment) | 0, flags: own };
            return build({ ...plan, upper, payload });
          });
          expect(hex(split(build(plan), 16, segment, TCP))).toEqual(hex(expected));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('UDP likewise', () => {
    fc.assert(
      fc.property(extensions, length, fc.integer({ min: 40, max: 1_300 }), (extensions, length, segment) => {
        const plan: PacketPlan = { flow: 2, extensions, payload: noise(length, 5), upper: { protocol: UDP } };
        const expected = cut(plan.payload, segment).map((payload) => build({ ...plan, payload }));
        expect(hex(split(build(plan), 6, segment, UDP))).toEqual(hex(expected));
      }),
      { numRuns: 100 },
    );
  });

  test('a plain packet whose checksum the kernel left open gets it', () => {
    for (const upper of [{ protocol: TCP, sequence: 1 }, { protocol: UDP }] as const) {
      const packet = build({ flow: 1, payload: noise(333, 1), upper });
      const field = upper.protocol === TCP ? 16 : 6;
      put(packet, field, 0, upper.protocol, true);
      expect(settle(arena, sums, new UpperLayer(), place, packet.length)).toBe(0);
      expect(arena.bytes.slice(place, place + packet.length)).toEqual(packet);
    }
  });

  test('a super-packet with a whole checksum, and a header that points past the packet', () => {
    const packet = build({ flow: 1, payload: noise(3_000, 1), upper: { protocol: TCP, sequence: 1 } });
    put(packet, 16, 1_000, TCP, false);
    expect(settle(arena, sums, new UpperLayer(), place, packet.length)).toBe(1_000);
    expect(take(packet.length, 1_000)).toHaveLength(3);
    put(packet, 16, 0, TCP, true);
    arena.bytes[place - 3] = 0xff; // the high half of the checksum's start
    expect(settle(arena, sums, new UpperLayer(), place, packet.length)).toBe(-1);
  });

  test('what is neither TCP nor UDP, or has no payload, is refused', () => {
    const short = build({ flow: 1, payload: noise(0, 1), upper: { protocol: UDP } });
    arena.bytes.set(short, place);
    expect(segmenter.begin(place, short.length, 100)).toBe(false);
    const ping = build({ flow: 1, payload: noise(100, 1), upper: { protocol: 58 } });
    arena.bytes.set(ping, place);
    expect(segmenter.begin(place, ping.length, 100)).toBe(false);
  });
});

/** Puts the packet where a read would, as the kernel hands it over, and splits it. */
function split(packet: Uint8Array, field: number, segment: number, protocol: number): Uint8Array[] {
  put(packet, field, segment, protocol, true);
  expect(settle(arena, sums, new UpperLayer(), place, packet.length)).toBe(segment);
  return take(packet.length, segment);
}

function take(length: number, segment: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  expect(segmenter.begin(place, length, segment)).toBe(true);
  while (!segmenter.isDone) {
    const { nextLength, headerLength } = segmenter;
    segmenter.next(headers);
    const { payloadAt, payloadLength } = segmenter;
    const header = arena.bytes.subarray(headers, headers + headerLength);
    found.push(Buffer.concat([header, arena.bytes.subarray(payloadAt, payloadAt + payloadLength)]));
    expect(found.at(-1)).toHaveLength(nextLength);
  }
  return found.map((packet) => new Uint8Array(packet));
}

/** Writes virtio header and packet; `isOpen`: the checksum field holds the pseudo-header's sum only. */
function put(packet: Uint8Array, field: number, segment: number, protocol: number, isOpen: boolean): void {
  const open = Buffer.from(packet);
  const start = upperStart(packet);
  if (isOpen) {
    const sum = checksum.pseudoHeader(packet, 0, packet.length - start, protocol);
    open.writeUInt16BE(~checksum.finish(sum) & 0xffff, start + field);
  }
  const header = Buffer.alloc(VIRTIO_HEADER);
  header[0] = isOpen ? 1 : 0;
  if (segment > 0) header[1] = protocol === TCP ? 4 : 5;
  header.writeUInt16LE(segment, 4);
  header.writeUInt16LE(start, 6);
  header.writeUInt16LE(field, 8);
  arena.bytes.set(header, place - VIRTIO_HEADER);
  arena.bytes.set(open, place);
}

function upperStart(packet: Uint8Array): number {
  let next = packet[6]!;
  let at = 40;
  while (next === 0 || next === 60) {
    next = packet[at]!;
    at += 8 + 8 * packet[at + 1]!;
  }
  return at;
}

function cut(payload: Uint8Array, segment: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += segment) parts.push(payload.subarray(at, at + segment));
  return parts;
}
