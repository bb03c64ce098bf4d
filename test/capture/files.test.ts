import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaptureError } from '../../src/capture/capture-error.ts';
import { CaptureReader } from '../../src/capture/capture-reader.ts';
import { dissect } from '../../src/capture/datagram.ts';
import type { Frame } from '../../src/capture/frame.ts';
import { ETHERNET, RAW } from '../../src/capture/link-layer.ts';
import { PcapngWriter } from '../../src/capture/pcapng.ts';
import { bytesOf, E1, E2, ipv4Of, ipv6Of } from '../wire/examples.ts';
import { haveTshark } from './available.ts';
import { classicFile, joined, pcapngSection } from './files.ts';
import { udpPacket } from './udp-packet.ts';

const CLIENT = { ipv4: ipv4Of('192.0.2.45'), port: 40001 };
const SERVER = { ipv4: ipv4Of('203.0.113.1'), port: 3544 };
const PACKET = udpPacket(CLIENT, SERVER, bytesOf(E1));
const ANSWER = udpPacket(SERVER, CLIENT, bytesOf(E2));

describe('pcapng, written', () => {
  test('and read again: interfaces, instants to the nanosecond, comments, names', () => {
    const reader = new CaptureReader();
    const frames = [...reader.frames([sample()])];
    expect(
      frames.map(({ number, interfaceName, linkType, nanoseconds }) => [number, interfaceName, linkType, nanoseconds]),
    ).toEqual([
      [1, 'client', RAW, 1_500_000n],
      [2, 'server side', ETHERNET, 1_700_000_000_123_456_789n],
    ]);
    expect(frames[0]!.bytes).toEqual(PACKET);
    expect(frames[0]!.comments).toEqual(['the first question', 'NAT: 192.168.1.10 > 192.0.2.45']);
    expect(frames[1]!.bytes).toEqual(ANSWER);
    expect([...reader.names]).toEqual([
      ['192.0.2.45', 'client A'],
      ['2001:db8::1', 'native host'],
    ]);
  });

  test('twice alike: octet for octet the same', () => {
    expect(sample()).toEqual(sample());
  });

  test('microseconds where asked for', () => {
    const blocks: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => blocks.push(block), { resolution: 'us' });
    writer.addPacket(writer.addInterface({ name: 'x' }), Number('1700000000123.4567'), PACKET);
    expect(framesOf(joined(blocks))[0]!.nanoseconds).toBe(1_700_000_000_123_456_000n);
  });

  test('a packet of an interface that was not added is refused', () => {
    const writer = new PcapngWriter(() => {});
    expect(() => writer.addPacket(0, 0, PACKET)).toThrow(RangeError);
  });

  test.skipIf(!haveTshark())('is what tshark reads: frames, instants, comments, names, no bad checksum', () => {
    const folder = mkdtempSync(join(tmpdir(), 'teredo-'));
    try {
      const blocks: Uint8Array[] = [];
      const writer = new PcapngWriter((block) => blocks.push(block));
      const wire = writer.addInterface({ name: 'wire' });
      writer.addName(ipv6Of('fe80::8000:f227:34ff:8efe'), 'server');
      writer.addPacket(wire, 1_700_000_000_123_456_789n, PACKET, ['hello']);
      writer.addPacket(wire, 1_700_000_000_123_456_999n, ANSWER);
      const path = join(folder, 'sample.pcapng');
      writeFileSync(path, joined(blocks));
      const names = [
        'frame.time_epoch',
        'frame.interface_name',
        'frame.comment',
        'udp.checksum.status',
        'ip.checksum.status',
        'icmpv6.checksum.status',
        'ipv6.src_host',
      ];
      const fields = names.flatMap((name) => ['-e', name]);
      const options = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-N', 'n'];
      const out = execFileSync('tshark', ['-r', path, ...options, '-T', 'fields', ...fields], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(
        out
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')),
      ).toEqual([
        ['1700000000.123456789', 'wire', 'hello', '1', '1', '1', 'fe80::ffff:ffff:fffe'],
        ['1700000000.123456999', 'wire', '', '1', '1', '1', 'server'],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('files, read', () => {
  test.each([
    ['little endian, microseconds', true, 0xa1b2c3d4, 123_456_000n],
    ['big endian, microseconds', false, 0xa1b2c3d4, 123_456_000n],
    ['little endian, nanoseconds', true, 0xa1b23c4d, 123_456n],
    ['big endian, nanoseconds', false, 0xa1b23c4d, 123_456n],
  ])('classic pcap, %s', (_name, isLittle, magic, fraction) => {
    const frames = framesOf(classicFile(isLittle, magic, RAW, [PACKET, ANSWER]));
    expect(frames.map(({ bytes }) => bytes)).toEqual([PACKET, ANSWER]);
    expect(frames[1]!.nanoseconds).toBe(1_001_000_000_000n + fraction);
    expect(frames[1]!.linkType).toBe(RAW);
  });

  test.each([true, false])(
    'pcapng, little endian: %s; simple, old and enhanced packets, resolutions and offsets',
    (isLittle) => {
      const file = pcapngSection(isLittle, (block, u16, u32, option) => [
        block(1, u16(RAW), u16(0), u32(0), option(9, Uint8Array.of(0x83)), option(14, new Uint8Array(8))),
        block(1, u16(ETHERNET), u16(0), u32(60)),
        block(0x0bad, u32(1)),
        block(6, u32(0), u32(0), u32(12), u32(PACKET.length), u32(PACKET.length), PACKET),
        block(2, u16(1), u16(0), u32(0), u32(7), u32(PACKET.length), u32(2000), PACKET),
        block(3, u32(PACKET.length), PACKET),
      ]);
      const frames = framesOf(file);
      expect(
        frames.map(({ nanoseconds, linkType, originalLength }) => [nanoseconds, linkType, originalLength]),
      ).toEqual([
        [1_500_000_000n, RAW, PACKET.length], // 12 eighths of a second
        [7_000n, ETHERNET, 2000],
        [7_000n, RAW, PACKET.length],
      ]);
      for (const { bytes } of frames) expect(bytes).toEqual(PACKET);
    },
  );

  test('a second section has its own byte order and interfaces', () => {
    const frames = framesOf(joined([sample(), section(false, ETHERNET), section(true, RAW)]));
    expect(frames.map(({ linkType }) => linkType)).toEqual([RAW, ETHERNET, ETHERNET, RAW]);
  });

  test('in chunks of any size, frames come out the same', () => {
    for (const file of [
      joined([sample(), section(false, RAW)]),
      classicFile(true, 0xa1b2c3d4, RAW, [PACKET, ANSWER]),
    ]) {
      const whole = framesOf(file);
      for (const size of [1, 3, 7, 64, 1000]) {
        const chunks = Array.from({ length: Math.ceil(file.length / size) }, (_, i) =>
          file.slice(i * size, (i + 1) * size),
        );
        expect([...new CaptureReader().frames(chunks)]).toEqual(whole);
      }
    }
  });

  test('memory is bounded by a record, not by the file', () => {
    function* endless(): Generator<Uint8Array> {
      const header = classicFile(true, 0xa1b2c3d4, RAW, []);
      yield header;
      const record = classicFile(true, 0xa1b2c3d4, RAW, [new Uint8Array(60_000)]).slice(header.length);
      for (let i = 0; i < 5_000; i++) yield record;
    }
    globalThis.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    let octets = 0;
    let most = 0;
    for (const { bytes } of new CaptureReader().frames(endless())) {
      octets += bytes.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(octets).toBe(300_000_000);
    expect(most).toBeLessThan(200_000_000);
  });
});

describe('broken files', () => {
  test.each([
    ['empty', new Uint8Array(0), 0, 'the file is empty'],
    ['three octets', Uint8Array.of(1, 2, 3), 0, 'ends before its first header'],
    ['text', new TextEncoder().encode('hello world'), 0, 'not a capture file: it begins with 68 65 6c 6c'],
    ['half a header', classicFile(true, 0xa1b2c3d4, RAW, []).slice(0, 20), 0, 'within the file header'],
    [
      'pcap version 9',
      Uint8Array.from(classicFile(true, 0xa1b2c3d4, RAW, []), (byte, i) => (i === 4 ? 9 : byte)),
      4,
      'version 9',
    ],
    [
      'a record of 4 gigabytes',
      joined([classicFile(true, 0xa1b2c3d4, RAW, []), new Uint8Array(16).fill(255)]),
      32,
      'more than any packet',
    ],
    ['no byte-order mark', joined([bytesOf('0a0d0d0a 1c000000 00000000')]), 8, 'byte-order mark'],
    [
      'a block of 5 octets',
      joined([sample().slice(0, 44), bytesOf('06000000 05000000 00000000')]),
      48,
      'length is 5 octets',
    ],
    [
      'two lengths',
      joined([sample().slice(0, 44), bytesOf('06000000 10000000 00000000 14000000')]),
      56,
      'two different lengths',
    ],
    [
      'a packet of no interface',
      pcapngSection(true, (block, _u16, u32) => [block(6, u32(0), u32(0), u32(0), u32(0), u32(0))]),
      36,
      'interface 0, which is not described',
    ],
    [
      'a packet longer than its block',
      pcapngSection(true, (block, u16, u32) => [
        block(1, u16(1), u16(0), u32(0)),
        block(6, u32(0), u32(0), u32(0), u32(100), u32(100)),
      ]),
      68,
      'does not fit its block',
    ],
    [
      'a packet of 2^31 octets and more (found by fuzzing)',
      pcapngSection(true, (block, u16, u32) => [
        block(1, u16(1), u16(0), u32(0)),
        block(6, u32(0), u32(0), u32(0), u32(0x80000001), u32(1), PACKET),
      ]),
      68,
      'does not fit its block',
    ],
    [
      'an option past its block',
      pcapngSection(true, (block, u16, u32) => [block(1, u16(1), u16(0), u32(0), u16(2), u16(99))]),
      44,
      'option runs past',
    ],
  ])('%s: the place and the reason', (_name, file, offset, reason) => {
    const error = errorOf(file);
    expect(error).toBeInstanceOf(CaptureError);
    expect([error.offset, error.message]).toEqual([offset, expect.stringContaining(reason)]);
  });

  test('cut at any octet: all whole frames come out, then the place of the cut', () => {
    for (const file of [sample(), classicFile(false, 0xa1b2c3d4, RAW, [PACKET, ANSWER])]) {
      const whole = framesOf(file);
      for (let length = 0; length < file.length; length++) {
        const { frames, error } = readUntilError(file.slice(0, length));
        expect(frames).toEqual(whole.slice(0, frames.length));
        const ends = whole.map(({ offset }) => offset);
        if (error === undefined) continue; // cut between two records
        expect(error).toBeInstanceOf(CaptureError);
        expect(error.offset).toBeLessThanOrEqual(length);
        expect(frames.length).toBeGreaterThanOrEqual(ends.filter((offset) => offset < error.offset).length);
      }
    }
  });

  test('any octets, also behind a good beginning: CaptureError or frames, nothing else', () => {
    const start = fc.constantFrom(sample(), section(false, RAW), classicFile(true, 0xa1b2c3d4, ETHERNET, [PACKET]));
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        start,
        fc.array(change, { maxLength: 8 }),
        fc.uint8Array({ maxLength: 64 }),
        (file, changes, more) => {
          const bytes = joined([file, more]);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const { frames, error } = readUntilError(bytes);
          if (error !== undefined) expect(error).toBeInstanceOf(CaptureError);
          for (const frame of frames) dissect(frame);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

/** Two interfaces, two packets, comments and names. */
function sample(): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const client = writer.addInterface({ name: 'client', description: 'behind the NAT' });
  const server = writer.addInterface({ name: 'server side', linkType: ETHERNET });
  writer.addName(Uint8Array.of(192, 0, 2, 45), 'client A');
  writer.addName(ipv6Of('2001:db8::1'), 'native host');
  writer.addPacket(client, 1.5, PACKET, ['the first question', 'NAT: 192.168.1.10 > 192.0.2.45']);
  writer.addPacket(server, 1_700_000_000_123_456_789n, ANSWER);
  return joined(blocks);
}

function section(isLittle: boolean, linkType: number): Uint8Array {
  return pcapngSection(isLittle, (block, u16, u32) => [
    block(1, u16(linkType), u16(0), u32(0)),
    block(6, u32(0), u32(0), u32(1), u32(PACKET.length), u32(PACKET.length), PACKET),
  ]);
}

function framesOf(file: Uint8Array): Frame[] {
  return [...new CaptureReader().frames([file])];
}

function readUntilError(file: Uint8Array): { frames: Frame[]; error?: CaptureError } {
  const frames: Frame[] = [];
  try {
    for (const frame of new CaptureReader().frames([file])) frames.push(frame);
  } catch (error) {
    return { frames, error: error as CaptureError };
  }
  return { frames };
}

function errorOf(file: Uint8Array): CaptureError {
  const { error } = readUntilError(file);
  if (error === undefined) throw new Error('no error');
  return error;
}
