import { setImmediate as eventLoop } from 'node:timers/promises';
import { Batch } from '../../batch/batch.ts';
import { PortCounters } from '../../io/counters.ts';
import { Arena } from '../../io/linux/arena.ts';
import { BootClock } from '../../io/linux/boot-clock.ts';
import { checksumOf } from '../../io/linux/checksum.ts';
import { Poller } from '../../io/linux/poller.ts';
import { SlotBuffers } from '../../io/linux/slot-buffers.ts';
import { LinuxTunPort } from '../../io/linux/tun-port.ts';
import type { NatKind } from '../../sim/nat-kinds.ts';
import { NatTable } from '../../sim/nat-table.ts';
import { SeededRandom } from '../../sim/random.ts';
import { parseIpv4 } from '../../wire/text.ts';
import { GatewayDevice } from './gateway-device.ts';
import { PacketNat, type Side } from './packet-nat.ts';

/** Packets of one read. */
const SLOTS = 256;
/** Buffers of 64 KiB that packets of one read lie in, one behind the other. */
const BUFFERS = 8;
const STRUCTURES_OCTETS = 1 << 16;
/** The longest that a signal waits while packets come without a pause, or none at all. */
const SIGNALS_EVERY_MS = 100;
/** The same for a NAT that hosts may ask for ports: they wait for its answers. */
const ANSWERS_EVERY_MS = 5;

/** The two interfaces of a NAT node and what it does between them. */
export interface NatNodeOptions {
  /** TUN interfaces: to the network behind the NAT, and to the Internet. */
  readonly inside: string;
  readonly outside: string;
  readonly kind: NatKind;
  readonly seed: number;
  /** Its own address on the LAN, where a kind that maps ports on request is asked to. */
  readonly gateway?: string;
}

/**
 * A NAT as a process: the simulator's NAT between two TUN interfaces, because the kernel has no full cone and no
 * symmetric NAT with ports in sequence.
 *
 * The kernel routes to the one interface what comes from the inside, to the other what comes for the external
 * addresses, and routes onwards what the node writes; see `nat-namespace.ts`.
 */
export class NatNode {
  readonly nat: PacketNat;
  readonly #poller: Poller;
  readonly #clock: BootClock;
  readonly #ports: Readonly<Record<Side, LinuxTunPort>>;
  readonly #read: Batch;
  readonly #toSide: Readonly<Record<Side, Batch>>;
  readonly #gatewayDevice: GatewayDevice | undefined;
  #isStopped = false;

  /** Errors: TeredoError when an interface cannot be had. */
  constructor({ inside, outside, kind, seed, gateway }: NatNodeOptions) {
    const table = new NatTable(kind, kind.ipv4.map(ipv4Of), new SeededRandom(seed));
    this.nat = new PacketNat(table);
    this.#gatewayDevice =
      gateway === undefined || kind.upnp !== true
        ? undefined
        : new GatewayDevice(gateway, {
            external: kind.ipv4[0]!,
            add: (owner) => table.reserve(owner, this.#clock.now()) !== undefined,
            remove: (port) => {
              const owner = table.reservedBy(port);
              if (owner !== undefined) table.release(owner);
              return owner !== undefined;
            },
            find: (port) => table.reservedBy(port),
          });
    const arena = new Arena(SlotBuffers.octets(BUFFERS) + STRUCTURES_OCTETS);
    this.#poller = new Poller(arena);
    this.#clock = new BootClock(arena);
    const buffers = new SlotBuffers(arena, BUFFERS);
    const counters = new PortCounters();
    // One packet a read: with super-packets there would be checksums to complete.
    const parts = { arena, buffers, counters, poller: this.#poller, checksum: checksumOf(arena), offloads: [] };
    this.#ports = {
      inside: new LinuxTunPort({ ...parts, name: inside }),
      outside: new LinuxTunPort({ ...parts, name: outside }),
    };
    this.#read = new Batch(SLOTS, arena.bytes, 0, 0);
    this.#toSide = { inside: new Batch(SLOTS, arena.bytes, 0, 0), outside: new Batch(SLOTS, arena.bytes, 0, 0) };
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Makes ready to be asked for ports, if it can be. */
  async start(): Promise<void> {
    await this.#gatewayDevice?.start();
  }

  /** Carries packets until told to stop. Errors: TeredoError when an interface is lost. */
  async run(): Promise<void> {
    const everyMs = this.#gatewayDevice === undefined ? SIGNALS_EVERY_MS : ANSWERS_EVERY_MS;
    let signalsAt = this.#clock.now() + everyMs;
    while (!this.#isStopped) {
      const now = this.#clock.now();
      if (now >= signalsAt) {
        signalsAt = now + everyMs;
        await eventLoop();
      }
      this.#poller.wait(everyMs);
      this.#carry('inside');
      this.#carry('outside');
    }
    this.#gatewayDevice?.close();
    this.#ports.inside.close();
    this.#ports.outside.close();
    this.#poller.close();
  }

  /** Takes what waits on one side, and sends it on. */
  #carry(from: Side): void {
    const batch = this.#read;
    const now = this.#clock.now();
    batch.clear();
    this.#ports[from].read(batch);
    if (batch.count === 0) return;
    for (let slot = 0; slot < batch.count; slot++) {
      const start = batch.start[slot]!;
      const length = batch.length[slot]!;
      const side = this.nat.translate(batch.bytes, start, length, from, now);
      if (side === undefined) continue;
      const to = this.#toSide[side];
      to.start[to.count] = start;
      to.length[to.count++] = length;
    }
    for (const side of ['outside', 'inside'] as const) {
      this.#ports[side].write(this.#toSide[side]);
      this.#toSide[side].clear();
    }
  }
}

function ipv4Of(text: string): number {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) throw new Error(`not an IPv4 address: ${text}`);
  return ipv4;
}
