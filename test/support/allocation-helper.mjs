// A million packets round a ring of ports: out of a UDP port, into another, into a TUN device, which the kernel
// forwards back into, out of it and through UDP again. Prints how much the heap has grown, garbage collected.
// A program of its own: it needs --expose-gc and a namespace.
//   allocation-helper.mjs PACKETS OFFLOADS
import { execFileSync } from 'node:child_process';
import { getHeapStatistics } from 'node:v8';
import { Batch } from '../../dist/batch/batch.js';
import { Counter, PortCounters } from '../../dist/io/counters.js';
import { Arena } from '../../dist/io/linux/arena.js';
import { checksumOf } from '../../dist/io/linux/checksum.js';
import { Poller } from '../../dist/io/linux/poller.js';
import { SlotBuffers } from '../../dist/io/linux/slot-buffers.js';
import { LinuxTunPort } from '../../dist/io/linux/tun-port.js';
import { LinuxUdpPort } from '../../dist/io/linux/udp-port.js';

const LOOPBACK = 0x7f000001;
const PORT = 4000;
const RUN = 48;
/** Octets of each packet. */
const LENGTH = 200;
const packets = Number(process.argv[2]);
const offloads = process.argv[3].split(',');

const arena = new Arena(16 << 20);
const poller = new Poller(arena);
const checksum = checksumOf(arena);
const counters = new PortCounters();
const parts = { arena, poller, checksum, counters, offloads };
const tun = new LinuxTunPort({ ...parts, buffers: new SlotBuffers(arena, 4), name: 'ring' });
execFileSync('ip', ['link', 'set', 'ring', 'mtu', '1280', 'up']);
execFileSync('ip', ['-6', 'address', 'add', '2001:db8::1/64', 'dev', 'ring', 'nodad']);
const udp = new LinuxUdpPort({
  ...parts,
  buffers: new SlotBuffers(arena, RUN),
  plans: [{ ipv4: LOOPBACK, port: PORT, name: 'ring' }],
  openAtStart: [0],
  onTrouble: (_via, error) => {
    throw error;
  },
});
const batch = new Batch(512, arena.bytes, 0, 0);
const home = arena.take(1 << 18);
const first = new Batch(RUN, arena.bytes, home, home + (1 << 18));

for (let index = 0; index < RUN; index++) emit(first.claim(LENGTH));
first.ipv4.fill(LOOPBACK);
first.port.fill(PORT);

const half = turn(packets / 2);
globalThis.gc();
const before = getHeapStatistics();
const rest = turn(packets / 2);
globalThis.gc();
const after = getHeapStatistics();
console.log(
  JSON.stringify({
    packets: half + rest,
    grown: after.used_heap_size - before.used_heap_size,
    offloads: [...tun.offloads, ...udp.offloads],
    errors: [...counters.errors()],
    read: counters.get(Counter.PacketsReceived),
  }),
);

/** Sends packets round until `count` of them came out of the TUN device; gives how many did. */
function turn(count) {
  const from = counters.get(Counter.PacketsReceived);
  let came = 0;
  while (came < count) {
    udp.write(first); // to ourselves
    poller.wait(0);
    pump();
    came = counters.get(Counter.PacketsReceived) - from;
  }
  return came;
}

/** UDP into the TUN device, and from there back; what comes back is sent to a port that nobody has. */
function pump() {
  batch.clear();
  udp.read(batch);
  tun.write(batch);
  poller.wait(0);
  batch.clear();
  tun.read(batch);
  for (let slot = 0; slot < batch.count; slot++) {
    batch.ipv4[slot] = LOOPBACK;
    batch.port[slot] = 9;
  }
  udp.write(batch);
}

/** An IPv6 packet with a UDP datagram for a neighbour on the ring, who does not exist: it comes back. */
function emit(slot) {
  const packet = Buffer.alloc(LENGTH);
  packet.write('6000000000a01140', 0, 'hex'); // 160 octets of UDP
  packet.write('20010db8000100000000000000000007', 8, 'hex');
  packet.write('20010db8000000000000000000000009', 24, 'hex');
  packet.write('0007000900a00000', 40, 'hex');
  let sum = 17 + 160;
  for (let at = 8; at < LENGTH; at += 2) sum += packet.readUInt16BE(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  packet.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 46);
  first.bytes.set(packet, first.start[slot]);
}
