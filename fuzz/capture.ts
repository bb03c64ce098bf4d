/** Capture files, frames and stories: CaptureError or an answer, never anything else. */

import { CaptureError } from '../src/capture/capture-error.ts';
import { CaptureReader } from '../src/capture/capture-reader.ts';
import { dissect, dissectPacket } from '../src/capture/datagram.ts';
import * as dns from '../src/capture/dns.ts';
import { frameAt } from '../src/capture/frame.ts';
import { ETHERNET, LINUX_SLL, LINUX_SLL2, LOOP, NULL, RAW } from '../src/capture/link-layer.ts';
import { PcapngWriter } from '../src/capture/pcapng.ts';
import { Story } from '../src/capture/story.ts';
import { classicFile, joined, pcapngSection } from '../test/capture/files.ts';
import { udpPacket } from '../test/capture/udp-packet.ts';
import { ALL, bytesOf } from '../test/wire/examples.ts';
import type { Chance, Target } from './target.ts';

const CLIENT = { ipv4: 0xc0a8010a | 0, port: 40001 };
const SERVER = { ipv4: 0xcb007101 | 0, port: 3544 };
const RELAY = { ipv4: 0xc6336409 | 0, port: 3545 };
const PACKETS = Object.values(ALL).map((hex) => udpPacket(CLIENT, SERVER, bytesOf(hex)));
const LINK_TYPES = [NULL, ETHERNET, RAW, LOOP, LINUX_SLL, LINUX_SLL2, 12, 147];

const files: Target = {
  name: 'capture files',
  seeds: [written(), handMade(true), handMade(false), classicFile(false, 0xa1b23c4d, RAW, PACKETS.slice(0, 3))],
  run: (bytes, chance) => {
    const story = new Story();
    try {
      for (const frame of new CaptureReader().frames(inChunks(bytes, chance))) {
        story.add({ ...dissect(frame), at: frameAt(frame), link: frame.interfaceName });
      }
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
    }
  },
};

const frames: Target = {
  name: 'frames',
  seeds: PACKETS,
  run: (bytes, chance) => {
    dissect({ linkType: chance.pick(LINK_TYPES), bytes });
    dns.parse(bytes);
  },
};

/** A story of several datagrams, so that what one left behind meets the next. */
const stories: Target = {
  name: 'stories',
  seeds: Object.values(ALL).map(bytesOf),
  run: (bytes, chance) => {
    const story = new Story();
    for (let step = 0; step < 8; step++) {
      const payload = chance.below(2) === 0 ? bytes : bytesOf(chance.pick(Object.values(ALL)));
      const [source, destination] = [chance.pick([CLIENT, SERVER, RELAY]), chance.pick([CLIENT, SERVER, RELAY])];
      const captured =
        chance.below(4) === 0 ? dissectPacket(payload) : dissectPacket(udpPacket(source, destination, payload));
      const row = story.add({ ...captured, at: step * 700, link: String(chance.below(2)) });
      if (row !== undefined && /undefined|NaN|\[object/.test(row.sentence + row.summary + row.from + row.to)) {
        throw new Error(`a row with a hole: ${row.sentence}`);
      }
    }
  },
};

export const targets: readonly Target[] = [files, frames, stories];

function written(): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const wire = writer.addInterface({ name: 'wire' });
  writer.addName(Uint8Array.of(192, 168, 1, 10), 'client');
  for (const packet of PACKETS.slice(0, 3)) writer.addPacket(wire, 5, packet, ['comment']);
  return joined(blocks);
}

function handMade(isLittle: boolean): Uint8Array {
  const packet = PACKETS[0]!;
  return pcapngSection(isLittle, (block, u16, u32) => [
    block(1, u16(RAW), u16(0), u32(0)),
    block(6, u32(0), u32(0), u32(1), u32(packet.length), u32(packet.length), packet),
    block(3, u32(packet.length), packet),
    block(2, u16(0), u16(0), u32(0), u32(7), u32(packet.length), u32(packet.length), packet),
  ]);
}

function* inChunks(bytes: Uint8Array, chance: Chance): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + chance.below(200);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
