import { Batch } from '../../batch/batch.ts';
import { Driver, type TunPort } from '../../driver/driver.ts';
import type { Role, RoleEvent } from '../../roles/role.ts';
import { PortableUdpPort, type PortableUdpPortOptions } from './udp-port.ts';

/** Datagrams of one turn, and room for them. */
const SLOTS = 64;
const OCTETS = 1 << 17;
/** setTimeout counts in an int32. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** The IPv6 side of a role that carries no packets: what comes for it ends here. */
export const nullTunPort: TunPort = { read: () => {}, write: () => {} };

export interface PortableLoopOptions extends Omit<PortableUdpPortOptions, 'onReadable'> {
  readonly onEvent: (event: RoleEvent) => void;
  /** How much faster than the wall's the clock of the role goes; a role has no other. */
  readonly speed?: number;
}

/** Runs a role on Node's event loop, with timers and sockets of Node alone. Ports obey the role's events by themselves. */
export class PortableLoop {
  readonly udp: PortableUdpPort;
  readonly #driver: Driver;
  readonly #speed: number;
  #timer: NodeJS.Timeout | undefined;
  #turning: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(role: Role, { onEvent, speed = 1, ...ports }: PortableLoopOptions) {
    this.#speed = speed;
    this.udp = new PortableUdpPort({ ...ports, onReadable: () => this.turn() });
    this.#driver = new Driver(role, this.udp, nullTunPort, batch(), batch(), (event) => {
      if (event.type === 'socket') this.udp.setOpen(event.via, event.open, event.port);
      else onEvent(event);
    });
  }

  /** The role's clock, in ms. */
  now(): number {
    return performance.now() * this.#speed;
  }

  /** Asks for a turn, soon: after a call of the role from outside, for instance. */
  turn(): void {
    if (!this.#isClosed) this.#turning ??= setImmediate(() => this.#turn());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turning);
    this.udp.close();
  }

  #turn(): void {
    this.#turning = undefined;
    if (this.#driver.turn(this.now())) this.turn();
    // An event may have ended us.
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, (this.#driver.deadline - this.now()) / this.#speed);
    if (Number.isFinite(leftMs))
      this.#timer = setTimeout(() => this.#turn(), Math.min(Math.ceil(leftMs), TIMEOUT_MAX_MS));
  }
}

function batch(): Batch {
  return new Batch(SLOTS, new Uint8Array(OCTETS));
}
