import type { Batch } from '../../batch/batch.ts';
import type { Arena } from '../../io/linux/arena.ts';
import type { Checksum } from '../../io/linux/checksum.ts';
import { Segmenter } from '../../io/linux/segmentation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { paddedSize, RECORD_HEADER, RecordType } from './record.ts';
import type { TapRing } from './ring.ts';
import { concerns, innerPacket } from './tap-filter.ts';
import type { TapOptions } from './tap-options.ts';

/** Room for the headers of one segment of a super-packet. */
const HEADERS_OCTETS = 512;
/** Our clock is set anew when the system's is further away than this: it was set, or the machine slept. */
const DRIFT_MS = 2;

interface Tap {
  readonly ring: TapRing;
  readonly options: TapOptions;
}

/** Everybody who looks at what passes, in the thread that carries packets. */
export class Taps {
  /** 0: nobody looks, and nothing is done. */
  count = 0;
  readonly #arena: Arena;
  readonly #segmenter: Segmenter;
  readonly #headers: number;
  readonly #taps = new Map<number, Tap>(); // Bounded by `readersMax` of tap-desk.ts.
  #clockOffset = 0;

  constructor(arena: Arena, checksum: Checksum) {
    this.#arena = arena;
    this.#segmenter = new Segmenter(arena, checksum);
    this.#headers = arena.take(HEADERS_OCTETS);
  }

  add(id: number, ring: TapRing, options: TapOptions): void {
    this.#taps.set(id, { ring, options });
    this.count = this.#taps.size;
  }

  remove(id: number): void {
    this.#taps.delete(id);
    this.count = this.#taps.size;
  }

  /** `localPort` tells the port of a local socket. */
  datagrams(batch: Batch, role: number, direction: number, localPort: (via: number) => number): void {
    const at = this.#now();
    const { start, length, ipv4, port, via, segment } = batch;
    const ports = new Map<number, number>();
    for (let slot = 0; slot < batch.count; slot++) {
      if (length[slot] === 0) continue;
      const socket = via[slot]!;
      const local = ports.get(socket) ?? localPort(socket);
      ports.set(socket, local);
      const passing = {
        type: RecordType.Datagram,
        direction,
        role,
        via: socket,
        at,
        ipv4: ipv4[slot]!,
        port: port[slot]!,
        local,
      };
      this.#tell(passing, start[slot]!, length[slot]!, segment[slot]!);
    }
  }

  packets(batch: Batch, role: number, direction: number): void {
    const at = this.#now();
    const { start, length, segment } = batch;
    const passing = { type: RecordType.Packet, direction, role, via: 0, at, ipv4: 0, port: 0, local: 0 };
    for (let slot = 0; slot < batch.count; slot++) {
      if (length[slot] !== 0) this.#tell(passing, start[slot]!, length[slot]!, segment[slot]!);
    }
  }

  /** Takes what only readers wait for out of what goes to the interface. */
  claim(batch: Batch): void {
    const { bytes, start, length } = batch;
    for (const { options } of this.#taps.values()) {
      const { identifier, peer } = options;
      if (identifier === undefined || peer === undefined) continue;
      for (let slot = 0; slot < batch.count; slot++) {
        const at = start[slot]!;
        if (length[slot]! < ipv6.LENGTH + icmpv6.HEADER_LENGTH || !icmpv6.isEcho(bytes, at)) continue;
        if (icmpv6.type(bytes, at) !== icmpv6.ECHO_REPLY || icmpv6.echoIdentifier(bytes, at) !== identifier) continue;
        if (ipv6.sameAddress(bytes, at + ipv6.SOURCE, peer, 0)) length[slot] = 0;
      }
    }
  }

  #tell(passing: Passing, start: number, length: number, segment: number): void {
    const { bytes } = this.#arena;
    const isDatagram = passing.type === RecordType.Datagram;
    for (const { ring, options } of this.#taps.values()) {
      if (options.side === (isDatagram ? 'tun' : 'udp')) continue;
      if (options.peer !== undefined) {
        const packetAt = isDatagram ? innerPacket(bytes, start, start + length) : start;
        if (!concerns(bytes, packetAt, start + length, options.peer)) continue;
      }
      if (segment === 0) write(ring, options.snapLength, passing, length, bytes, start, length, 0, 0);
      else this.#split(ring, options.snapLength, passing, start, length, segment);
    }
  }

  /** A super-packet is told as the packets that it stands for: nothing else reaches a wire. */
  #split(ring: TapRing, snapLength: number, passing: Passing, start: number, length: number, segment: number): void {
    const segmenter = this.#segmenter;
    if (!segmenter.begin(start, length, segment) || segmenter.headerLength > HEADERS_OCTETS) return;
    while (!segmenter.isDone) {
      const whole = segmenter.nextLength;
      segmenter.next(this.#headers);
      const { headerLength, payloadAt, payloadLength } = segmenter;
      write(ring, snapLength, passing, whole, this.#arena.bytes, this.#headers, headerLength, payloadAt, payloadLength);
    }
  }

  /** ms since 1970, finer than the system's own clock gives them to us. */
  #now(): number {
    const fine = performance.now();
    const coarse = Date.now();
    if (Math.abs(fine + this.#clockOffset - coarse) > DRIFT_MS) this.#clockOffset = coarse - fine;
    return fine + this.#clockOffset;
  }
}

/** All of a record but its octets. */
interface Passing {
  readonly type: number;
  readonly direction: number;
  readonly role: number;
  readonly via: number;
  readonly at: number;
  readonly ipv4: number;
  readonly port: number;
  readonly local: number;
}

/** Writes one record; its octets lie in two pieces, the second of which may be empty. */
function write(
  ring: TapRing,
  snapLength: number,
  passing: Passing,
  whole: number,
  from: Uint8Array,
  firstAt: number,
  firstLength: number,
  secondAt: number,
  secondLength: number,
): void {
  const first = Math.min(firstLength, snapLength);
  const second = Math.min(secondLength, snapLength - first);
  const size = paddedSize(first + second);
  const at = ring.reserve(size);
  if (at < 0) return;
  const { view, bytes } = ring;
  view.setUint32(at, size, true);
  bytes[at + 4] = passing.type;
  bytes[at + 5] = passing.direction;
  bytes[at + 6] = passing.role;
  bytes[at + 7] = passing.via;
  view.setFloat64(at + 8, passing.at, true);
  view.setInt32(at + 16, passing.ipv4, true);
  view.setUint16(at + 20, passing.port, true);
  view.setUint16(at + 22, passing.local, true);
  view.setUint32(at + 24, whole, true);
  view.setUint32(at + 28, first + second, true);
  view.setInt32(at + 32, 0, true);
  bytes.set(from.subarray(firstAt, firstAt + first), at + RECORD_HEADER);
  if (second > 0) bytes.set(from.subarray(secondAt, secondAt + second), at + RECORD_HEADER + first);
  ring.commit(size);
}
