import { Batch } from '../batch/batch.ts';
import { Driver, type TunPort, type UdpPort } from '../driver/driver.ts';
import { DROP_REASONS, Drop, dropName } from '../roles/drop.ts';
import type { Role, RoleEvent } from '../roles/role.ts';
import { formatEndpoint } from '../wire/text.ts';
import { type Context, lose } from './context.ts';
import type { Datagram } from './datagram.ts';
import type { Host, TunnelInterface, UdpSocket } from './host.ts';

/** The batches that all drivers of a world share: nothing stays in them between turns. */
export interface Scratch {
  readonly input: Batch;
  readonly output: Batch;
}

export function makeScratch(): Scratch {
  return {
    input: new Batch(SLOTS, new Uint8Array(SLOTS * SLOT_LENGTH)),
    output: new Batch(SLOTS, new Uint8Array(SLOTS * SLOT_LENGTH)),
  };
}

/** One local socket of a role, in the order of `via`. */
export interface TunnelSocket {
  /** Undefined: drawn when it opens. */
  readonly port?: number | undefined;
  readonly ipv4?: number;
  readonly group?: number;
  /** Whether it is open from the start; else the role asks for it by an event. */
  readonly isOpen: boolean;
}

export interface TimedEvent {
  readonly at: number;
  readonly event: RoleEvent;
}

const SLOTS = 32;
const SLOT_LENGTH = 2048;
/** A role that wants to be called again at once this often makes no progress. */
const STALLED_WAKES = 1_000;

/** A role at work on a host: the same driver as in the daemon, with ports in virtual time. */
export class Tunnel implements TunnelInterface {
  readonly route: TunnelInterface['route'];
  readonly forwards: boolean;
  readonly role: Role;
  /** What the role told so far, oldest first; only while the trace is on. */
  readonly events: TimedEvent[] = [];
  address: Uint8Array | undefined;
  /** Another one that flows began from. */
  provisional: Uint8Array | undefined;

  readonly #host: Host;
  readonly #context: Context;
  readonly #driver: Driver;
  readonly #sockets: readonly TunnelSocket[];
  readonly #open: (UdpSocket | undefined)[];
  /** What arrived and the role has not read yet; a turn empties both. */
  readonly #datagrams: { readonly datagram: Datagram; readonly via: number }[] = [];
  readonly #packets: Uint8Array[] = [];
  readonly #dropsBefore = new Float64Array(DROP_REASONS);
  readonly #onEvent: ((event: RoleEvent) => void) | undefined;
  readonly #onRefused: ((via: number) => void) | undefined;
  #isInTurn = false;
  #wakesAt = Number.POSITIVE_INFINITY;
  #wakes = 0;
  #lastWakeAt = Number.NEGATIVE_INFINITY;

  constructor(
    host: Host,
    role: Role,
    context: Context,
    scratch: Scratch,
    sockets: readonly TunnelSocket[],
    options: {
      readonly route: TunnelInterface['route'];
      readonly forwards: boolean;
      readonly onEvent?: (event: RoleEvent) => void;
      /** A local socket that the role asked for cannot be had: its port is another's. */
      readonly onRefused?: (via: number) => void;
    },
  ) {
    this.route = options.route;
    this.forwards = options.forwards;
    this.role = role;
    this.#host = host;
    this.#context = context;
    this.#sockets = sockets;
    this.#onEvent = options.onEvent;
    this.#onRefused = options.onRefused;
    this.#open = sockets.map(() => undefined);
    const udp: UdpPort = {
      read: (batch) => this.#readDatagrams(batch),
      write: (batch) => this.#writeDatagrams(batch),
      setOpen: (via, open, port) => this.#setOpen(via, open, port),
    };
    const tun: TunPort = {
      read: (batch) => {
        for (const packet of this.#packets.splice(0, batch.slots)) batch.push(packet);
      },
      write: (batch) => {
        for (let slot = 0; slot < batch.count; slot++) {
          if (batch.length[slot]! > 0) host.receiveFromTunnel(batch.packet(slot).slice());
        }
      },
    };
    this.#driver = new Driver(role, udp, tun, scratch.input, scratch.output, (event) => this.#handle(event));
    for (const [via, socket] of sockets.entries()) if (socket.isOpen) this.#setOpen(via, true);
    host.tunnel = this;
  }

  /** The port a local socket of the role really has; undefined while it is closed. */
  portOf(via: number): number | undefined {
    return this.#open[via]?.port;
  }

  /** A packet for the tunnel, from the IPv6 stack of the host. */
  send(packet: Uint8Array): void {
    this.#packets.push(packet);
    // A reply that the host writes while the role hands it a packet waits for the end of that turn.
    if (!this.#isInTurn) this.turn();
  }

  /** Runs the role until it has no input left, then asks to be woken at its deadline. */
  turn(): void {
    const { now } = this.#context;
    this.#isInTurn = true;
    do {
      this.#dropsBefore.set(this.role.drops);
      const flight = this.#context.cause;
      this.#driver.turn(now);
      this.#traceDrops(flight);
    } while (this.#datagrams.length > 0 || this.#packets.length > 0);
    if (this.address === undefined) this.provisional = undefined;
    this.#isInTurn = false;
    this.#wake();
  }

  #wake(): void {
    const { deadline } = this.#driver;
    if (deadline >= this.#wakesAt) return;
    this.#wakesAt = deadline;
    this.#context.at(deadline, () => {
      // Superseded by an earlier deadline that was set meanwhile.
      if (this.#wakesAt !== deadline) return;
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#wakes = deadline === this.#lastWakeAt ? this.#wakes + 1 : 0;
      this.#lastWakeAt = deadline;
      if (this.#wakes > STALLED_WAKES) throw new Error(`${this.#host.name}: the role's deadline stays in the past`);
      this.turn();
    });
  }

  #handle(event: RoleEvent): void {
    if (this.#context.trace.isOn) this.events.push({ at: this.#context.now, event });
    if (event.type === 'socket') this.#setOpen(event.via, event.open, event.port);
    if (event.type === 'dormant') {
      this.address = event.provisional.slice();
      this.provisional = undefined;
    }
    if (event.type === 'qualified') {
      this.address = event.address.slice();
      this.provisional = event.provisional?.slice();
    }
    if (event.type === 'off-line') {
      // What the role says to the host in this turn still arrives.
      this.provisional = this.address;
      this.address = undefined;
    }
    this.#onEvent?.(event);
  }

  #setOpen(via: number, open: boolean, port?: number): void {
    const socket = this.#sockets[via];
    if (socket === undefined) throw new Error(`${this.#host.name}: the role asks for an unknown socket ${via}`);
    if (!open) {
      this.#open[via]?.close();
      this.#open[via] = undefined;
    } else if (port !== undefined && this.#host.isTaken(port)) {
      this.#onRefused?.(via);
    } else if (this.#open[via] === undefined) {
      this.#open[via] = this.#host.openSocket(port === undefined ? socket : { ...socket, port }, (datagram) => {
        this.#datagrams.push({ datagram, via });
        this.turn();
      });
    }
  }

  #readDatagrams(batch: Batch): void {
    for (const { datagram, via } of this.#datagrams.splice(0, batch.slots)) {
      batch.push(datagram.payload, datagram.source, datagram.sourcePort, via);
    }
  }

  #writeDatagrams(batch: Batch): void {
    for (let slot = 0; slot < batch.count; slot++) {
      if (batch.length[slot] === 0) continue;
      const [ipv4, port] = [batch.ipv4[slot]!, batch.port[slot]!];
      const socket = this.#open[batch.via[slot]!];
      if (socket === undefined) {
        lose(this.#context, this.#host.name, `no open socket to ${formatEndpoint(ipv4, port)}`, this.#context.cause);
      } else {
        socket.send(ipv4, port, batch.packet(slot).slice());
      }
    }
  }

  #traceDrops(flight: number | undefined): void {
    if (!this.#context.trace.isOn) return;
    for (let reason = 0; reason < DROP_REASONS; reason++) {
      if (reason === Drop.Consumed) continue;
      for (let more = this.role.drops[reason]! - this.#dropsBefore[reason]!; more > 0; more--) {
        lose(this.#context, this.#host.name, dropName(reason), flight);
      }
    }
  }
}
