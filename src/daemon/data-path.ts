import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Batch } from '../batch/batch.ts';
import { Driver } from '../driver/driver.ts';
import { type Fault, GuardedRole } from '../driver/guarded-role.ts';
import { TeredoError } from '../errors.ts';
import { Counter } from '../io/counters.ts';
import { SystemRandom } from '../io/entropy.ts';
import { hmacSha1 } from '../io/hmac.ts';
import { AddressWatch } from '../io/linux/address-watch.ts';
import { Arena } from '../io/linux/arena.ts';
import { BootClock } from '../io/linux/boot-clock.ts';
import { keepCapabilities, limitCapabilities } from '../io/linux/capabilities.ts';
import { type Checksum, checksumOf } from '../io/linux/checksum.ts';
import { EventLoop } from '../io/linux/event-loop.ts';
import { NativePort } from '../io/linux/native-port.ts';
import { OFFLOADS, type Offloads } from '../io/linux/offloads.ts';
import { Poller } from '../io/linux/poller.ts';
import { RUN_CAPACITY, SlotBuffers } from '../io/linux/slot-buffers.ts';
import { SOCKET_BUFFER } from '../io/linux/socket.ts';
import { LinuxTunPort } from '../io/linux/tun-port.ts';
import { LinuxUdpPort } from '../io/linux/udp-port.ts';
import { Wake } from '../io/linux/wake.ts';
import type { OfflineReason } from '../roles/role.ts';
import { formatHex } from '../wire/text.ts';

import { answer } from './answers.ts';
import type { DaemonConfiguration, RoleConfiguration } from './configuration/configuration.ts';
import { RoleCounters } from './counters.ts';
import type { DataPathInput, FromDataPath, ToDataPath } from './messages.ts';
import type { Question } from './questions.ts';
import { makeRole, type RunningRole } from './roles.ts';
import { localSockets } from './sockets.ts';
import { Injection } from './tap/injection.ts';
import { TappedTunPort, TappedUdpPort } from './tap/tapped-ports.ts';
import { Taps } from './tap/taps.ts';

/** Datagrams, or packets, that one turn moves at most. */
const SLOTS = 1024;
/** Buffers of 64 KiB: a run of datagrams each, or where runs do not come, one datagram. Memory is used when they are. */
const UDP_BUFFERS = 64;
/**
 * A server's: one datagram each, for its clients are many and none sends a run. It carries no packet of more than 128
 * octets (`CARRIED_ICMPV6_MAX`), so that what is longer than this is not for it.
 */
const SERVER_BUFFERS = SLOTS;
const SERVER_CAPACITY = 2_048;
/** Likewise: super-packets, or many small packets. */
const TUN_BUFFERS = 16;
/** Packets that one call sends to native hosts. */
const NATIVE_PACKETS = 64;
/** Datagrams of a role's own in one batch, and room for them. */
const OUTPUT_SLOTS = SLOTS;
const OUTPUT_OCTETS = 1 << 20;
/** Message headers, socket addresses and the like, for two roles. */
const STRUCTURES_OCTETS = 1 << 18;

/** Of mistakes of ours: how often they are told, and how much of each. */
const FAULTS_APART_MS = 10_000;
const FAULT_LINES_MAX = 4;
const FAULT_OCTETS_MAX = 1_500;

/** One role with its ports. */
interface Lane {
  readonly running: RunningRole;
  readonly driver: Driver;
  readonly udp: LinuxUdpPort;
  readonly injection: Injection;
  readonly offloads: Offloads;
  /** It runs when it is told so. */
  readonly waits: boolean;
}

/** Everything that moves packets: it lives in a thread of its own and sleeps there until something happens. */
export class DataPath {
  readonly #control: MessagePort;
  readonly #arena: Arena;
  readonly #poller: Poller;
  readonly #clock: BootClock;
  readonly #random = new SystemRandom();
  readonly #checksum: Checksum;
  readonly #tunBuffers: SlotBuffers;
  readonly #lanes: Lane[] = [];
  readonly #taps: Taps;
  readonly #loop: EventLoop;
  #tellFaultsAt = 0;
  readonly #closers: { close(): void }[] = [];

  /** Opens all ports. Errors: TeredoError; whatever was opened is closed again. */
  constructor(input: DataPathInput, control: MessagePort) {
    this.#control = control;
    this.#arena = new Arena(octets(input.configuration));
    this.#poller = new Poller(this.#arena);
    this.#clock = new BootClock(this.#arena);
    this.#checksum = checksumOf(this.#arena);
    this.#taps = new Taps(this.#arena, this.#checksum);
    this.#tunBuffers = new SlotBuffers(this.#arena, TUN_BUFFERS);
    try {
      const batch = new Batch(SLOTS, this.#arena.bytes, 0, 0);
      const home = this.#arena.take(OUTPUT_OCTETS);
      const output = new Batch(OUTPUT_SLOTS, this.#arena.bytes, home, home + OUTPUT_OCTETS);
      for (const index of input.configuration.keys()) this.#lanes.push(this.#lane(input, index, batch, output));
      const wake = new Wake(this.#arena, this.#poller, () => this.#obey());
      const changed = () => this.#post({ type: 'addresses-changed' });
      this.#closers.push(new AddressWatch(this.#arena, this.#poller, changed));
      const drivers = this.#lanes.map((lane) => lane.driver);
      this.#loop = new EventLoop(drivers, this.#poller, this.#clock);
      const localPorts = this.#lanes.map((lane) => lane.udp.localPort(0));
      const offloads = this.#lanes.map((lane) => lane.offloads);
      if (input.changesUser) keepCapabilities();
      this.#post({ type: 'ready', wake: wake.fd, localPorts, offloads, checksums: this.#checksum.by });
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /** Starts the roles and carries packets until told to stop. Errors: TeredoError when a port is lost. */
  run(): void {
    try {
      const now = this.#clock.now();
      for (const lane of this.#lanes) if (!lane.waits) lane.running.start(now);
      this.#loop.run();
      this.#stopRoles();
    } finally {
      this.#close();
    }
  }

  #lane(input: DataPathInput, index: number, batch: Batch, output: Batch): Lane {
    const configuration = input.configuration[index]!;
    const [arena, poller, checksum] = [this.#arena, this.#poller, this.#checksum];
    const counters = new RoleCounters(input.counters, index);
    const { interfaceName, offloads: allowed = OFFLOADS } = configuration;
    const parts = { arena, poller, checksum, counters: counters.ports, offloads: allowed };
    const tun =
      interfaceName === undefined
        ? new NativePort(arena, NATIVE_PACKETS, counters.ports)
        : new LinuxTunPort({ ...parts, buffers: this.#tunBuffers, name: interfaceName });
    this.#closers.push(tun);
    const { plans, openAtStart } = localSockets(configuration, input.remembered[index]?.port);
    const onTrouble = (via: number, error: TeredoError) => {
      this.#warn(error);
      running.refuseSocket(via, this.#clock.now());
    };
    const { count, capacity } = buffersOf(configuration);
    const buffers = new SlotBuffers(arena, count, capacity);
    const udp = new LinuxUdpPort({ ...parts, buffers, plans, openAtStart, onTrouble });
    this.#closers.push(udp);
    this.#checkBuffer(udp);
    const running = makeRole(configuration, {
      random: this.#random,
      hmac: hmacSha1,
      drops: counters.drops,
      cases: counters.cases,
      remembered: input.remembered[index],
    });
    running.setHost(input.host, this.#clock.now());
    running.setLocalPort(udp.localPort(0));
    const role = new GuardedRole(running.role, (fault) => this.#survive(fault, counters));
    const injection = new Injection(arena);
    const ports = [
      new TappedUdpPort(udp, this.#taps, index),
      new TappedTunPort(tun, this.#taps, injection, index),
    ] as const;
    const driver = new Driver(role, ...ports, batch, output, (event) => {
      if (event.type === 'socket') udp.setOpen(event.via, event.open, event.port);
      else this.#post({ type: 'event', role: index, event, now: this.#clock.now() });
    });
    const offloads = [...(tun instanceof LinuxTunPort ? tun.offloads : []), ...udp.offloads];
    return { running, driver, udp, injection, offloads, waits: input.waits[index] ?? false };
  }

  /** Reliability comes before shame: it is counted, told now and then with what is needed to mend it, and we go on. */
  #survive({ error, packet }: Fault, counters: RoleCounters): void {
    counters.ports.add(Counter.Faults, 1);
    const now = this.#clock.now();
    if (now < this.#tellFaultsAt) return;
    this.#tellFaultsAt = now + FAULTS_APART_MS;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const where = stack.split('\n').slice(0, FAULT_LINES_MAX).join(' ').replace(/\s+/g, ' ');
    const what = packet === undefined ? 'on a deadline' : `on ${formatHex(packet.subarray(0, FAULT_OCTETS_MAX))}`;
    const message = `survived a mistake of our own ${what}: ${where}`;
    this.#warn(
      new TeredoError('TD-FAULT', message, 'please report it with this text; "teredo decode HEX" explains it'),
    );
  }

  #checkBuffer(udp: LinuxUdpPort): void {
    const granted = udp.receiveBuffer(0);
    if (granted >= SOCKET_BUFFER) return;
    this.#warn(
      new TeredoError(
        'TD-RECEIVE-BUFFER',
        `the kernel grants only ${granted} octets of receive buffer; bursts will be lost`,
        `sysctl -w net.core.rmem_max=${SOCKET_BUFFER}`,
      ),
    );
  }

  /** Messages wait on the port: this thread has no event loop that could deliver them. */
  #obey(): void {
    for (let packet = receiveMessageOnPort(this.#control); packet; packet = receiveMessageOnPort(this.#control)) {
      const message = packet.message as ToDataPath;
      switch (message.type) {
        case 'stop':
          this.#loop.stop();
          break;
        case 'limit-rights':
          limitCapabilities(message.rights, 0n);
          this.#post({ type: 'rights-limited' });
          break;
        case 'port-mapping':
          this.#lanes[message.role]?.running.setPortMapping(message.mapping);
          break;
        case 'question':
          this.#answer(message.id, message.question);
          break;
        case 'allow':
          this.#allow(message.role, message.reason);
          break;
        case 'servers':
          this.#lanes[message.role]?.running.setServers(message.servers, this.#clock.now());
          break;
        case 'configuration':
          for (const [index, lane] of this.#lanes.entries()) {
            const configuration = message.configuration[index];
            if (configuration !== undefined) lane.running.reconfigure(configuration);
          }
          break;
        case 'host':
          for (const lane of this.#lanes) {
            lane.running.setHost(message.host, this.#clock.now());
            lane.udp.rejoin();
          }
      }
    }
  }

  #answer(id: number, question: Question): void {
    for (const { udp } of this.#lanes) udp.countOverflows();
    const roles = this.#lanes.map(({ running }) => running);
    const injections = this.#lanes.map(({ injection }) => injection);
    const about = { roles, injections, taps: this.#taps };
    this.#post({ type: 'answer', id, answer: answer(question, about, this.#clock.now()) });
  }

  #allow(role: number, reason: OfflineReason | undefined): void {
    const running = this.#lanes[role]?.running;
    if (reason === undefined) running?.start(this.#clock.now());
    else running?.stop(this.#clock.now(), reason);
  }

  /** Last words of the roles leave before the sockets close. */
  #stopRoles(): void {
    const now = this.#clock.now();
    for (const lane of this.#lanes) {
      lane.running.stop(now);
      lane.driver.turn(now);
    }
  }

  #warn({ code, message, next }: TeredoError): void {
    this.#post({ type: 'warning', code, message, next });
  }

  #post(message: FromDataPath): void {
    this.#control.postMessage(message);
  }

  #close(): void {
    for (const closer of this.#closers.reverse()) closer.close();
    this.#poller.close();
  }
}

function buffersOf({ role }: RoleConfiguration): { readonly count: number; readonly capacity: number } {
  return role === 'server'
    ? { count: SERVER_BUFFERS, capacity: SERVER_CAPACITY }
    : { count: UDP_BUFFERS, capacity: RUN_CAPACITY };
}

/** What the memory of a data path with these roles must hold. */
function octets(configuration: DaemonConfiguration): number {
  let total = SlotBuffers.octets(TUN_BUFFERS) + OUTPUT_OCTETS + STRUCTURES_OCTETS;
  for (const role of configuration) {
    const { count, capacity } = buffersOf(role);
    total += SlotBuffers.octets(count, capacity) + LinuxUdpPort.octets(count);
  }
  return total;
}
