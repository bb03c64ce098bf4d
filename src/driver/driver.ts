import type { Batch } from '../batch/batch.ts';
import type { Role, RoleEvent } from '../roles/role.ts';

/** The UDP side of a role. `via` in a batch names one of the port's local sockets. */
export interface UdpPort {
  /** Fills a cleared batch with at most `batch.slots` datagrams, without waiting. */
  read(batch: Batch): void;
  /** Sends every slot with a length. What the system refuses is counted by the port, never thrown. */
  write(batch: Batch): void;
  /** Opens (on local port `port`, if given) or closes the local socket with this index; a role asks by event. */
  setOpen(via: number, open: boolean, port?: number): void;
}

/** The IPv6 side of a role. */
export interface TunPort {
  read(batch: Batch): void;
  write(batch: Batch): void;
}

/**
 * One turn: a role gets one input and all its outputs are drained, then the next input.
 *
 * At most one batch each way per turn, so neither side starves. The real loop and the simulated internet share
 * this class and differ only in who calls `turn`, and when.
 */
export class Driver {
  readonly role: Role;
  readonly #udp: UdpPort;
  readonly #tun: TunPort;
  readonly #in: Batch;
  readonly #out: Batch;
  readonly #onEvent: (event: RoleEvent) => void;

  /** `input` and `output` are scratch batches; nothing stays in them between turns, so many drivers may share them. */
  constructor(
    role: Role,
    udp: UdpPort,
    tun: TunPort,
    input: Batch,
    output: Batch,
    onEvent: (event: RoleEvent) => void,
  ) {
    this.role = role;
    this.#udp = udp;
    this.#tun = tun;
    this.#in = input;
    this.#out = output;
    this.#onEvent = onEvent;
  }

  /**
   * Runs one turn at `now` (ms, monotonic).
   *
   * Shape:  true when an input filled its batch, so more may be waiting: call again before sleeping.
   * Errors: none; ports count what the system refuses.
   */
  turn(now: number): boolean {
    const batch = this.#in;
    batch.clear();
    this.#udp.read(batch);
    let more = batch.count === batch.slots;
    if (batch.count > 0) {
      this.role.receive(batch, now);
      this.#tun.write(batch);
      this.#drain();
    }

    batch.clear();
    this.#tun.read(batch);
    more ||= batch.count === batch.slots;
    if (batch.count > 0) {
      this.role.transmit(batch, now);
      this.#udp.write(batch);
      this.#drain();
    }

    if (now >= this.role.pollTimeout()) this.role.handleTimeout(now);
    // Also what a call from outside left to be sent, such as a client's `start`.
    this.#drain();
    return more;
  }

  /** The instant at which `turn` must run again even if nothing arrives; Infinity: never. */
  get deadline(): number {
    return this.role.pollTimeout();
  }

  #drain(): void {
    // Events first: a socket that the role asks for is open before the first datagram leaves by it.
    for (let event = this.role.pollEvent(); event !== undefined; event = this.role.pollEvent()) this.#onEvent(event);
    const batch = this.#out;
    do {
      batch.clear();
      this.role.pollDatagrams(batch);
      if (batch.count > 0) this.#udp.write(batch);
    } while (batch.count > 0);
    do {
      batch.clear();
      this.role.pollPackets(batch);
      if (batch.count > 0) this.#tun.write(batch);
    } while (batch.count > 0);
  }
}
