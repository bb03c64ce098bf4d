import { VIA_RANDOM, VIA_RANDOM_MAX } from '../../constants.ts';
import type { RoleEvent } from '../../events.ts';
import type { Random } from '../../role.ts';
import type { Identity } from '../identity.ts';

/** Ports that a client draws from: those no service is registered for (RFC 6335 §6). */
const PORT_MIN = 49152;
const PORT_MAX = 65535;

/** Ports that the system did not give, at most so many are remembered. */
const REFUSED_MAX = 64;

/** A local socket that was opened for one peer. */
export interface RandomPort {
  readonly peer: number;
  readonly via: number;
  readonly localPort: number;
}

/**
 * Local sockets with random ports, one for each peer that needs one (RFC 6081 §5.4, §5.5).
 *
 * Bounded by `VIA_RANDOM_MAX` sockets, and `REFUSED_MAX` ports that others have.
 */
export class RandomPorts {
  readonly #random: Random;
  readonly #events: RoleEvent[];
  readonly #identity: Identity;
  readonly #open = new Map<number, RandomPort>();
  readonly #refused = new Set<number>();

  constructor(random: Random, events: RoleEvent[], identity: Identity) {
    this.#random = random;
    this.#events = events;
    this.#identity = identity;
  }

  of(peer: number): RandomPort | undefined {
    return this.#open.get(peer);
  }

  by(via: number): RandomPort | undefined {
    for (const port of this.#open.values()) if (port.via === via) return port;
    return undefined;
  }

  /** Those opened first come first. */
  all(): IterableIterator<RandomPort> {
    return this.#open.values();
  }

  get isFull(): boolean {
    return this.#open.size === VIA_RANDOM_MAX;
  }

  /** Opens a socket for `peer`, or gives the one it has; undefined: there are as many as there may be. */
  open(peer: number): RandomPort | undefined {
    const known = this.#open.get(peer);
    if (known !== undefined) return known;
    const via = this.#freeVia();
    if (via === undefined) return undefined;
    const localPort = this.#drawPort();
    const port = { peer, via, localPort };
    this.#open.set(peer, port);
    this.#events.push({ type: 'socket', via, open: true, port: localPort });
    return port;
  }

  close(peer: number): void {
    const port = this.#open.get(peer);
    if (port === undefined) return;
    this.#open.delete(peer);
    this.#events.push({ type: 'socket', via: port.via, open: false });
  }

  /** The system did not give it: it is another program's. */
  refuse(peer: number): void {
    const port = this.#open.get(peer);
    if (port === undefined) return;
    this.#open.delete(peer);
    if (this.#refused.size === REFUSED_MAX) this.#refused.clear();
    this.#refused.add(port.localPort);
  }

  /** Drawn at random; when the client has that port already, the next one that it has not. */
  #drawPort(): number {
    let port = PORT_MIN + (this.#random.uint32() % (PORT_MAX - PORT_MIN + 1));
    while (this.#isTaken(port)) port = port === PORT_MAX ? PORT_MIN : port + 1;
    return port;
  }

  #isTaken(port: number): boolean {
    if (port === this.#identity.localPort || this.#refused.has(port)) return true;
    for (const { localPort } of this.#open.values()) if (localPort === port) return true;
    return false;
  }

  #freeVia(): number | undefined {
    for (let via = VIA_RANDOM; via < VIA_RANDOM + VIA_RANDOM_MAX; via++) if (this.by(via) === undefined) return via;
    return undefined;
  }
}
