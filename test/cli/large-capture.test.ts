import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { PcapngWriter } from '../../src/capture/pcapng.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { joined } from '../capture/files.ts';
import { udpPacket } from '../capture/udp-packet.ts';
import { bytesOf, E1, E2, E3, ipv4Of } from '../wire/examples.ts';

const OCTETS = 1e9;
/** Of the whole process; Node alone takes 60 of them, and its collector lets garbage lie while there is room. */
const RESIDENT_MB_MAX = 400;
const CLIENT = { ipv4: ipv4Of('192.0.2.45'), port: 40001 };
const SERVER = { ipv4: ipv4Of('203.0.113.1'), port: 3544 };

/** A begin of a capture, and frames that may follow it again and again: a handshake amid large datagrams of others. */
function capture(): { readonly head: Uint8Array; readonly block: Uint8Array } {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const wire = writer.addInterface({ name: 'wire' });
  const head = joined(blocks.splice(0));
  for (let round = 0; round < 16; round++) {
    for (const hex of [E1, E3]) writer.addPacket(wire, round, udpPacket(CLIENT, SERVER, bytesOf(hex)));
    writer.addPacket(wire, round, udpPacket(SERVER, CLIENT, bytesOf(E2)));
    const other = udpPacket({ ...CLIENT, port: 9 }, { ...SERVER, port: 9 }, new Uint8Array(1_400).fill(0xee));
    for (let index = 0; index < 40; index++) writer.addPacket(wire, round, other);
  }
  return { head, block: joined(blocks) };
}

test('1 GB of pcapng through a pipe: told to the end, in bounded memory', { timeout: 240_000 }, async () => {
  const { head, block } = capture();
  const rounds = Math.ceil(OCTETS / block.length);
  const watch = `process.on('exit', () => process.stderr.write('maxrss ' + process.resourceUsage().maxRSS))`;
  const preload = `data:text/javascript,${encodeURIComponent(watch)}`;
  const child = spawn(process.execPath, ['--import', preload, PROGRAM, 'decode', '-', '--json']);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.stdin.write(head);
  for (let round = 0; round < rounds; round++) {
    if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once('drain', resolve));
  }
  child.stdin.end();
  expect(await ended).toBe(0);
  const story = JSON.parse(stdout);
  expect(story).toMatchObject({ problem: null, frames: rounds * 16 * 43 });
  expect(story.totals.teredo + story.totals.copies).toBe(rounds * 16 * 3);
  const residentMb = Number(/maxrss (\d+)/.exec(stderr)?.[1]) / 1024;
  console.log(`${((rounds * block.length) / 1e9).toFixed(2)} GB, ${story.frames} frames: ${residentMb.toFixed(0)} MB`);
  expect(residentMb).toBeLessThan(RESIDENT_MB_MAX);
});
