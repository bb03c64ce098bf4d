import { Batch } from '../batch/batch.ts';
import type { Role, RoleEvent } from '../roles/role.ts';

/** A mistake of ours that one input brought to light. */
export interface Fault {
  readonly error: unknown;
  /** The datagram or packet it was; undefined: none, but a deadline or an output. */
  readonly packet: Uint8Array | undefined;
}

/** Failures without an input, one right after the other, that are too many: nothing works any more. */
const FAILURES_MAX = 100;

/**
 * A role whose exceptions end one packet and not the process: whoever finds a datagram that we do not survive could
 * otherwise silence everybody behind us with it.
 *
 * Shape:  a batch that fails is gone through once more, slot by slot, and loses only what fails again; to a role, what
 *         it had been through already is a datagram that the network doubled.
 * Errors: what the role throws again and again where no input is to blame: then there is no use in going on.
 */
export class GuardedRole implements Role {
  readonly #role: Role;
  readonly #onFault: (fault: Fault) => void;
  /** The columns of a batch as they came, for a second attempt. Bounded by the slots of the largest batch. */
  #start = new Int32Array(0);
  #length = new Int32Array(0);
  /** Failures in a row: of deadlines, of datagrams of our own, of packets of our own. */
  readonly #failures = [0, 0, 0];
  #single: Batch | undefined;

  constructor(role: Role, onFault: (fault: Fault) => void) {
    this.#role = role;
    this.#onFault = onFault;
  }

  get drops(): Role['drops'] {
    return this.#role.drops;
  }

  receive(batch: Batch, now: number): void {
    this.#keep(batch);
    try {
      this.#role.receive(batch, now);
    } catch {
      this.#again(batch, (single) => this.#role.receive(single, now));
    }
  }

  transmit(batch: Batch, now: number): void {
    this.#keep(batch);
    try {
      this.#role.transmit(batch, now);
    } catch {
      this.#again(batch, (single) => this.#role.transmit(single, now));
    }
  }

  handleTimeout(now: number): void {
    try {
      this.#role.handleTimeout(now);
      this.#failures[0] = 0;
    } catch (error) {
      this.#fail(error, 0);
    }
  }

  pollDatagrams(batch: Batch): void {
    try {
      this.#role.pollDatagrams(batch);
      this.#failures[1] = 0;
    } catch (error) {
      // Half a packet may lie there.
      batch.clear();
      this.#fail(error, 1);
    }
  }

  pollPackets(batch: Batch): void {
    try {
      this.#role.pollPackets(batch);
      this.#failures[2] = 0;
    } catch (error) {
      // Half a packet may lie there.
      batch.clear();
      this.#fail(error, 2);
    }
  }

  pollTimeout(): number {
    return this.#role.pollTimeout();
  }

  pollEvent(): RoleEvent | undefined {
    return this.#role.pollEvent();
  }

  #keep({ count, slots, start, length }: Batch): void {
    if (this.#start.length < slots) {
      this.#start = new Int32Array(slots);
      this.#length = new Int32Array(slots);
    }
    for (let slot = 0; slot < count; slot++) {
      this.#start[slot] = start[slot]!;
      this.#length[slot] = length[slot]!;
    }
  }

  #again(batch: Batch, attempt: (single: Batch) => void): void {
    const { bytes } = batch;
    if (this.#single?.bytes !== bytes) this.#single = new Batch(1, bytes, 0, 0);
    const single = this.#single;
    for (let slot = 0; slot < batch.count; slot++) {
      const [start, length] = [this.#start[slot]!, this.#length[slot]!];
      copySlot(batch, slot, single, 0);
      single.count = 1;
      single.start[0] = start;
      single.length[0] = length;
      try {
        attempt(single);
        copySlot(single, 0, batch, slot);
      } catch (error) {
        batch.length[slot] = 0;
        this.#onFault({ error, packet: bytes.slice(start, start + length) });
      }
    }
  }

  #fail(error: unknown, kind: number): void {
    this.#failures[kind]!++;
    if (this.#failures[kind]! > FAILURES_MAX) throw error;
    this.#onFault({ error, packet: undefined });
  }
}

function copySlot(from: Batch, slot: number, to: Batch, at: number): void {
  to.start[at] = from.start[slot]!;
  to.length[at] = from.length[slot]!;
  to.ipv4[at] = from.ipv4[slot]!;
  to.port[at] = from.port[slot]!;
  to.via[at] = from.via[slot]!;
  to.segment[at] = from.segment[slot]!;
}
