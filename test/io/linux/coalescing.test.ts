import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../../src/io/linux/arena.ts';
import { checksumOf } from '../../../src/io/linux/checksum.ts';
import { Coalescer } from '../../../src/io/linux/coalescing.ts';
import { UpperLayer } from '../../../src/io/linux/inner-headers.ts';
import { Segmenter, settle } from '../../../src/io/linux/segmentation.ts';
import { VIRTIO_HEADER } from '../../../src/io/linux/virtio-header.ts';
import { ACK, build, hex, noise, type PacketPlan, PSH, TCP, train, UDP } from './trains.ts';

const ARENA = 1 << 21;

describe('Merging packets for the TUN device', () => {
  test('any train, merged and split again, is the train: every octet, in its order', () => {
    fc.assert(
      fc.property(train, fc.nat(7), fc.constantFrom(0, 3), (packets, at, gap) => {
        expect(hex(through(packets, at, gap).packets)).toEqual(hex(packets));
      }),
      { numRuns: 200 },
    );
  });

  test('without TSO or USO nothing is merged', () => {
    const packets = [...tcpRun(5, 100), ...udpRun(5, 100)];
    expect(through(packets, 0, 0, false, true).writes).toBe(6);
    expect(through(packets, 0, 0, true, false).writes).toBe(6);
    expect(through(packets, 0, 0, false, false).writes).toBe(10);
  });

  test('a transfer is written in super-packets of 64 KiB, and a short or pushed packet ends one', () => {
    expect(through(tcpRun(102, 1_208), 0, 0).writes).toBe(2);
    const packets = tcpRun(12, 500);
    packets[3] = build({ ...tcpPlan(3, 500), payload: noise(499, 1) });
    packets[7] = build({ ...tcpPlan(7, 500), upper: { protocol: TCP, sequence: 7 * 500, flags: ACK | PSH } });
    // 0 to 3, 4 to 7, 8 to 11.
    expect(through(packets, 0, 0).writes).toBe(3);
  });

  test('datagrams of one flow are written 64 at a time', () => {
    expect(through(udpRun(200, 64), 0, 0).writes).toBe(4);
    expect(through(udpRun(60, 1_232), 0, 0).writes).toBe(2);
  });

  test('one wrong checksum costs no other packet anything, and is not made right', () => {
    const packets = tcpRun(10, 700);
    packets[4]![300]! ^= 1;
    const { packets: delivered, writes } = through(packets, 0, 0);
    expect(hex(delivered)).toEqual(hex(packets));
    // 0 to 3, 4 as it is, 5 to 9.
    expect(writes).toBe(3);
  });
});

/** Merges packets that lie `gap` octets apart from offset `at` on, and splits what was written, as a kernel does. */
function through(packets: readonly Uint8Array[], at: number, gap: number, withTcp = true, withUdp = true) {
  const arena = new Arena(ARENA);
  const checksum = checksumOf(arena);
  const coalescer = new Coalescer(arena, checksum, withTcp, withUdp);
  const segmenter = new Segmenter(arena, checksum);
  const kernel = arena.take(1 << 17);
  const headers = arena.take(4096);
  const delivered: Uint8Array[] = [];
  let here = arena.take(1 << 20) + at;
  let writes = 0;

  const take = () => {
    const { count, header, headerLength, pieceAt, pieceLength } = coalescer;
    coalescer.count = 0;
    writes++;
    if (count === 1) {
      delivered.push(arena.bytes.slice(pieceAt[0], pieceAt[0]! + pieceLength[0]!));
      return;
    }
    coalescer.finish();
    let end = kernel + VIRTIO_HEADER + headerLength;
    arena.bytes.copyWithin(kernel, header, header + VIRTIO_HEADER + headerLength);
    for (let piece = 0; piece < count; piece++) {
      arena.bytes.copyWithin(end, pieceAt[piece]!, pieceAt[piece]! + pieceLength[piece]!);
      end += pieceLength[piece]!;
    }
    const start = kernel + VIRTIO_HEADER;
    const segment = settle(arena, checksum, new UpperLayer(), start, end - start);
    expect(segmenter.begin(start, end - start, segment)).toBe(true);
    while (!segmenter.isDone) {
      segmenter.next(headers);
      const payload = arena.bytes.subarray(segmenter.payloadAt, segmenter.payloadAt + segmenter.payloadLength);
      const head = arena.bytes.subarray(headers, headers + segmenter.headerLength);
      delivered.push(new Uint8Array(Buffer.concat([head, payload])));
    }
  };

  for (const packet of packets) {
    arena.bytes.set(packet, here);
    if (coalescer.count > 0 && !coalescer.join(here, packet.length)) take();
    if (coalescer.count === 0) coalescer.begin(here, packet.length);
    here += packet.length + gap;
  }
  if (coalescer.count > 0) take();
  return { packets: delivered, writes };
}

function tcpPlan(index: number, size: number): PacketPlan {
  return { flow: 1, payload: noise(size, index), upper: { protocol: TCP, sequence: index * size } };
}

function tcpRun(count: number, size: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => build(tcpPlan(index, size)));
}

function udpRun(count: number, size: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    build({ flow: 2, payload: noise(size, index), upper: { protocol: UDP } }),
  );
}
