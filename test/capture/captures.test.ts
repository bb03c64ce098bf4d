import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/capture-reader.ts';
import { type CapturedDatagram, dissect } from '../../src/capture/datagram.ts';
import { type Frame, frameAt } from '../../src/capture/frame.ts';
import { recognize } from '../../src/capture/recognition.ts';
import { Story } from '../../src/capture/story.ts';
import { capturedFields } from '../../src/cli/capture-fields.ts';
import { describe as describeDatagram, findField } from '../../src/wire/describe.ts';
import * as encapsulation from '../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import * as origin from '../../src/wire/origin.ts';
import { formatHex, formatIpv4, formatIpv6 } from '../../src/wire/text.ts';
import { CAPTURES, haveCaptures } from './available.ts';

/** Name, frames, Teredo datagrams; the two that tshark does not see have trailers on a port that is not 3544. */
const FILES = [
  ['Teredo', 78, 29],
  ['teredo_bubble_with_payload', 29, 29],
  ['false-teredo', 18, 0],
] as const;

describe.skipIf(!haveCaptures())('public captures, reliability 3.1', () => {
  test.each(FILES)('%s: %i frames, %i of them Teredo', (name, frames, teredo) => {
    const read = framesOf(name);
    expect(read).toHaveLength(frames);
    expect(read.every(({ bytes, originalLength }) => bytes.length === originalLength)).toBe(true);
    expect(read.filter((frame) => isTeredo(frame))).toHaveLength(teredo);
  });

  test.each(FILES)('%s: what tshark tells of each datagram is what we read, field for field', (name) => {
    const frames = new Map(framesOf(name).map((frame) => [frame.number, frame]));
    const rows = tableOf(name);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const frame = frames.get(Number(row.frame))!;
      expect(ours(frame, row['ipv6.src'] !== '')).toEqual(row);
    }
  });

  test.each(FILES)('%s: what describe says has the same values under the same names', (name) => {
    const frames = new Map(framesOf(name).map((frame) => [frame.number, frame]));
    for (const row of tableOf(name).filter((candidate) => candidate['ipv6.src'] !== '')) {
      const { fields } = describeDatagram(datagramOf(frames.get(Number(row.frame))!).payload);
      for (const key of DESCRIBED) {
        const value = findField(fields, key)?.value ?? '';
        const theirs = key === 'teredo.auth.conf' && row[key] !== '' ? Number.parseInt(row[key]!, 16) : row[key];
        expect([row.frame, key, String(value)]).toEqual([row.frame, key, String(theirs)]);
      }
    }
  });

  test.each(FILES)('%s: `decode --json` has every column of the table under its name', (name) => {
    const frames = new Map(framesOf(name).map((frame) => [frame.number, frame]));
    for (const row of tableOf(name).filter((candidate) => candidate['ipv6.src'] !== '')) {
      const { fields, zeek } = capturedFields(dissect(frames.get(Number(row.frame))!));
      expect(zeek[0]).toBe('teredo_packet');
      expect(zeek.includes('teredo_origin_indication')).toBe(row['teredo.orig.addr'] !== '');
      for (const [key, theirs] of Object.entries(row).filter(([column]) => !NOT_OF_THE_DATAGRAM.includes(column))) {
        const value = fields[key];
        expect([row.frame, key, asTshark(key, value)]).toEqual([row.frame, key, theirs]);
      }
    }
  });

  test('false-teredo: every look-alike has a reason, and all datagrams are accounted for', () => {
    const story = new Story();
    for (const frame of framesOf('false-teredo')) {
      expect(story.add({ ...dissect(frame), at: frameAt(frame) })).toBeUndefined();
    }
    expect(story.totals.lookAlike + story.totals.other).toBe(18);
    expect(story.totals.lookAlike).toBe(16);
    expect(story.clients).toEqual([]);
  });

  test('Teredo: the story of an XP client behind a cone NAT', () => {
    const story = new Story();
    const rows = framesOf('Teredo').flatMap((frame) => story.add({ ...dissect(frame), at: frameAt(frame) }) ?? []);
    expect(rows.slice(0, 11).map(({ kind, from, to }) => `${from} > ${to}: ${kind}`)).toEqual([
      'client 192.168.2.16:3797 > server 65.55.158.80: router solicitation',
      'server 65.55.158.81 > client 192.168.2.16:3797: router advertisement',
      'client 192.168.2.16:1920 > 192.168.2.1:53: DNS query',
      '192.168.2.1:53 > client 192.168.2.16:1920: DNS answer',
      'client 192.168.2.16:3797 > relay 83.170.1.38:32900: direct bubble',
      'client 192.168.2.16:3797 > server 65.55.158.80: connectivity test',
      'server 65.55.158.80 > client 192.168.2.16:3797: indirect bubble',
      'client 192.168.2.16:3797 > relay 83.170.1.38:32900: direct bubble',
      'relay 83.170.1.38:32900 > client 192.168.2.16:3797: echo reply',
      'client 192.168.2.16:3797 > relay 83.170.1.38:32900: TCP SYN',
      'relay 83.170.1.38:32900 > client 192.168.2.16:3797: TCP SYN-ACK',
    ]);
    const [client] = story.clients;
    expect(client).toMatchObject({ nat: 'cone', address: '2001:0:4137:9e50:8000:f12a:b9c8:2815', datagrams: 29 });
    expect([...client!.relays]).toEqual(['83.170.1.38:32900']);
  });
});

/** The frame's own, and the octets as a whole. */
const NOT_OF_THE_DATAGRAM = ['frame', 'epoch', 'udp.payload'];

/** tshark prints numbers where we have words, and of a header only that it is there. */
function asTshark(key: string, value: unknown): string {
  if (value === undefined) return '';
  if (key === 'teredo.auth') return '1';
  if (key === 'teredo.auth.conf') return Number(value).toString(16).padStart(2, '0');
  if (key === 'icmpv6.checksum.status') return value === 'good' ? '1' : '0';
  return String(value);
}

const DESCRIBED = [
  'ipv6.src',
  'ipv6.dst',
  'ipv6.nxt',
  'ipv6.hlim',
  'ipv6.plen',
  'icmpv6.type',
  'teredo.auth.nonce',
  'teredo.auth.conf',
  'teredo.orig.addr',
  'teredo.orig.port',
];

function framesOf(name: string): Frame[] {
  return [...new CaptureReader().frames([readFileSync(new URL(`${name}.pcap`, CAPTURES))])];
}

/** The rows of what tshark 4.0.17 said; its `icmpv6.type` of an echo in an error would be a list, there is none. */
function tableOf(name: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(new URL(`${name}.tshark.tsv`, CAPTURES), 'utf8')
    .trimEnd()
    .split('\n');
  const keys = head.split('\t');
  return lines.map((line) => {
    const cells = line.split('\t');
    return Object.fromEntries(keys.map((key, i) => [key, cells[i] ?? '']));
  });
}

function datagramOf(frame: Frame): CapturedDatagram {
  const captured = dissect(frame);
  if (captured.type !== 'datagram') throw new Error(`frame ${frame.number} is no datagram`);
  return captured;
}

function isTeredo(frame: Frame): boolean {
  const captured = dissect(frame);
  if (captured.type !== 'datagram') return false;
  return recognize(captured.payload, captured.source.port, captured.destination.port).type === 'teredo';
}

/** Our reading of a frame in the columns of the table. */
function ours(frame: Frame, isTold: boolean): Record<string, string> {
  const { source, destination, payload } = datagramOf(frame);
  const outer = {
    frame: String(frame.number),
    epoch: `${frame.nanoseconds / 1_000_000_000n}.${String(frame.nanoseconds % 1_000_000_000n).padStart(9, '0')}`,
    'ip.src': formatIpv4(source.ipv4),
    'udp.srcport': String(source.port),
    'ip.dst': formatIpv4(destination.ipv4),
    'udp.dstport': String(destination.port),
    'udp.length': String(payload.length + 8),
    'udp.payload': formatHex(payload),
  };
  return { ...outer, ...inner(payload, isTold) };
}

function inner(bytes: Uint8Array, isTold: boolean): Record<string, string> {
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  if (typeof parts === 'number' || !isTold) return Object.fromEntries(INNER.map((key) => [key, '']));
  const { packetAt: at, authenticationAt, originAt } = parts;
  const isIcmpv6 = icmpv6.isMessage(bytes, at);
  const { fields } = describeDatagram(bytes);
  const told = (name: string) => String(findField(fields, name)?.value ?? '');
  return {
    'ipv6.src': formatIpv6(bytes, at + ipv6.SOURCE),
    'ipv6.dst': formatIpv6(bytes, at + ipv6.DESTINATION),
    'ipv6.nxt': String(ipv6.nextHeader(bytes, at)),
    'ipv6.hlim': String(bytes[at + ipv6.HOP_LIMIT]),
    'ipv6.plen': String(ipv6.payloadLength(bytes, at)),
    'icmpv6.type': isIcmpv6 ? String(icmpv6.type(bytes, at)) : '',
    'icmpv6.checksum.status': isIcmpv6 ? (told('icmpv6.checksum.status') === 'good' ? '1' : '0') : '',
    'teredo.auth': authenticationAt < 0 ? '' : '1',
    'teredo.auth.nonce': told('teredo.auth.nonce'),
    'teredo.auth.conf': authenticationAt < 0 ? '' : Number(told('teredo.auth.conf')).toString(16).padStart(2, '0'),
    'teredo.orig.addr': originAt < 0 ? '' : formatIpv4(origin.ipv4(bytes, originAt)),
    'teredo.orig.port': originAt < 0 ? '' : String(origin.port(bytes, originAt)),
  };
}

const INNER = [
  'ipv6.src',
  'ipv6.dst',
  'ipv6.nxt',
  'ipv6.hlim',
  'ipv6.plen',
  'icmpv6.type',
  'icmpv6.checksum.status',
  'teredo.auth',
  'teredo.auth.nonce',
  'teredo.auth.conf',
  'teredo.orig.addr',
  'teredo.orig.port',
];
