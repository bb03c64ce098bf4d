import { parentPort } from 'node:worker_threads';
import koffi from 'koffi';
import type { Load, Sent } from './sender.ts';

/** Messages in one sendmmsg, at most. */
const BATCH = 64;
/** Pause between two looks at the clock, in microseconds. */
const PAUSE_US = 100;
const PR_SET_TIMERSLACK = 29;
const MSG_DONTWAIT = 0x40;

const IOVEC_LENGTH = 16;
const MMSGHDR_LENGTH = 64;

const library = koffi.load(null);
const sendmmsg = library.func('int sendmmsg(int fd, uintptr_t messages, uint count, int flags)') as (
  fd: number,
  messages: number,
  count: number,
  flags: number,
) => number;
const usleep = library.func('int usleep(uint microseconds)') as (microseconds: number) => number;
const prctl = library.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)') as (
  option: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => number;

// Without it the kernel adds 50 microseconds to each pause.
prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);

parentPort!.on('message', (load: Load) => {
  parentPort!.postMessage(send(load));
});

function send({ fd, messages, perSecond, ms }: Load): Sent {
  const ring = new Ring(messages);
  const startAt = performance.now();
  const endAt = startAt + ms;
  let taken = 0;
  let refusal = 0;
  let offered = 0;
  let now = startAt;
  while (now < endAt) {
    const due = Math.floor(((now - startAt) * perSecond) / 1000);
    while (offered < due && now < endAt) {
      const count = Math.min(BATCH, due - offered, ring.contiguous(offered));
      const sent = sendmmsg(fd, ring.pointer(offered), count, MSG_DONTWAIT);
      // What a full queue or an ICMP error refuses is lost, as on any host.
      if (sent < 0) refusal = koffi.errno();
      else taken += sent;
      offered += count;
      now = performance.now();
    }
    usleep(PAUSE_US);
    now = performance.now();
  }
  if (taken === 0) throw new Error(`every message was refused: errno ${refusal}`);
  return { count: taken, ms: now - startAt };
}

/** The messages as the kernel wants them: struct mmsghdr, each with one struct iovec. A ring of at least one batch. */
class Ring {
  readonly #slots: number;
  readonly #address: number;
  readonly #memory: Uint8Array;

  constructor(messages: readonly Uint8Array[]) {
    this.#slots = messages.length * Math.ceil(BATCH / messages.length);
    const vectors = this.#slots * MMSGHDR_LENGTH;
    const payloads = vectors + this.#slots * IOVEC_LENGTH;
    const octets = messages.reduce((sum, message) => sum + message.length, 0);
    this.#memory = new Uint8Array(payloads + octets);
    this.#address = Number(koffi.address(this.#memory));
    const view = new DataView(this.#memory.buffer);
    const places: number[] = [];
    let next = payloads;
    for (const message of messages) {
      this.#memory.set(message, next);
      places.push(next);
      next += message.length;
    }
    for (let slot = 0; slot < this.#slots; slot++) {
      const header = slot * MMSGHDR_LENGTH;
      const vector = vectors + slot * IOVEC_LENGTH;
      const which = slot % messages.length;
      view.setBigUint64(header + 16, BigInt(this.#address + vector), true);
      view.setBigUint64(header + 24, 1n, true);
      view.setBigUint64(vector, BigInt(this.#address + places[which]!), true);
      view.setBigUint64(vector + 8, BigInt(messages[which]!.length), true);
    }
  }

  /** How many messages follow the one with this running number before the ring ends. */
  contiguous(number: number): number {
    return this.#slots - (number % this.#slots);
  }

  pointer(number: number): number {
    return this.#address + (number % this.#slots) * MMSGHDR_LENGTH;
  }
}
