import { expect, test } from 'vitest';
import { mutate } from '../../fuzz/mutate.ts';
import { Chance } from '../../fuzz/target.ts';
import { CaptureError } from '../../src/capture/capture-error.ts';
import { CaptureReader } from '../../src/capture/capture-reader.ts';
import { dissect } from '../../src/capture/datagram.ts';
import { frameAt } from '../../src/capture/frame.ts';
import { ETHERNET, LINUX_SLL, LINUX_SLL2, RAW } from '../../src/capture/link-layer.ts';
import { PcapngWriter } from '../../src/capture/pcapng.ts';
import { Story } from '../../src/capture/story.ts';
import { capturedFields } from '../../src/cli/capture-fields.ts';
import { ALL, bytesOf, ipv4Of } from '../wire/examples.ts';
import { classicFile, joined } from './files.ts';
import { udpPacket } from './udp-packet.ts';

const CAPTURES = 10_000;
const CLIENT = { ipv4: ipv4Of('192.0.2.45'), port: 40001 };
const SERVER = { ipv4: ipv4Of('203.0.113.1'), port: 3544 };
const PACKETS = Object.values(ALL).map((hex) => udpPacket(CLIENT, SERVER, bytesOf(hex)));
/** What stands in front of an IPv4 packet, by link type; an Ethernet frame with two VLAN tags. */
const LINKS: readonly (readonly [number, string])[] = [
  [RAW, ''],
  [ETHERNET, `${'00'.repeat(12)}88a80001810000020800`],
  [LINUX_SLL, `${'00'.repeat(14)}0800`],
  [LINUX_SLL2, `0800${'00'.repeat(18)}`],
];

test(`${CAPTURES} mutated captures: each is told, or ends with the place where it is no capture`, {
  timeout: 120_000,
}, () => {
  const chance = new Chance(20);
  const seeds = [pcapng(), ...LINKS.map(([type, front]) => classicFile(false, 0xa1b2c3d4, type, framed(front)))];
  const ends = { whole: 0, broken: 0, teredo: 0 };
  for (let index = 0; index < CAPTURES; index++) {
    const story = new Story();
    try {
      for (const frame of new CaptureReader().frames([mutate(seeds, chance)])) {
        const captured = dissect(frame);
        story.add({ ...captured, at: frameAt(frame), link: `${frame.interfaceIndex}` });
        JSON.stringify(capturedFields(captured));
      }
      ends.whole++;
    } catch (error) {
      if (!(error instanceof CaptureError)) throw new Error(`capture ${index} of seed 20`, { cause: error });
      ends.broken++;
    }
    ends.teredo += story.totals.teredo;
  }
  // Otherwise the mutations were so bad, or so mild, that nothing was tried.
  expect(Math.min(ends.whole, ends.broken)).toBeGreaterThan(CAPTURES / 20);
  expect(ends.teredo).toBeGreaterThan(CAPTURES);
});

function framed(front: string): Uint8Array[] {
  return PACKETS.slice(0, 6).map((packet) => joined([Buffer.from(front, 'hex'), packet]));
}

function pcapng(): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const wire = writer.addInterface({ name: 'wire' });
  for (const [index, packet] of PACKETS.slice(0, 6).entries()) writer.addPacket(wire, index, packet);
  return joined(blocks);
}
