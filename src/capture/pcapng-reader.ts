/** Reads pcapng: sections of either byte order, several interfaces, names. See `pcapng-format.ts` for the layout. */

import { readI32 } from '../wire/bytes.ts';
import { formatIpv4, formatIpv6 } from '../wire/text.ts';
import type { ByteQueue } from './byte-queue.ts';
import { CaptureError } from './capture-error.ts';
import type { Frame, FrameParser } from './frame.ts';
import * as format from './pcapng-format.ts';

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string;
  /** Units of a time stamp in one second. */
  readonly unitsPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Bounds of ours, far above what capture tools write. */
const INTERFACES_MAX = 4096;
const NAMES_MAX = 4096;

export class PcapngParser implements FrameParser {
  readonly expecting = 'a block';
  readonly #names: Map<string, string>;
  #interfaces: Interface[] = []; // Bounded by INTERFACES_MAX.
  #isLittle = true;
  #frames = 0;
  #lastNanoseconds = 0n;

  constructor(names: Map<string, string>) {
    this.#names = names;
  }

  /** Whether a file with these first four octets is a pcapng file; the number reads the same both ways. */
  static opens(first: Uint8Array): boolean {
    return readI32(first, 0) === format.SECTION_HEADER;
  }

  next(queue: ByteQueue): Frame | undefined {
    for (;;) {
      const head = queue.peek(12);
      if (head === undefined) return undefined;
      const isSection = readI32(head, 0) === format.SECTION_HEADER;
      if (isSection) this.#startSection(head, queue.offset);
      const view = new DataView(head.buffer, head.byteOffset, head.length);
      const length = view.getUint32(4, this.#isLittle);
      if (length < format.BLOCK_OVERHEAD || length % 4 !== 0 || length > format.BLOCK_LENGTH_MAX) {
        throw new CaptureError(`a block says its length is ${length} octets`, queue.offset + 4);
      }
      const block = queue.peek(length);
      if (block === undefined) return undefined;
      const reader = new BlockReader(block, this.#isLittle, queue.offset);
      if (reader.u32(length - 4) !== length) {
        throw new CaptureError('a block tells two different lengths', queue.offset + length - 4);
      }
      const frame = isSection ? undefined : this.#readBlock(view.getUint32(0, this.#isLittle), reader);
      queue.skip(length);
      if (frame !== undefined) return frame;
    }
  }

  #startSection(head: Uint8Array, offset: number): void {
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    this.#isLittle = view.getUint32(8, true) === format.BYTE_ORDER_MAGIC;
    if (!this.#isLittle && view.getUint32(8, false) !== format.BYTE_ORDER_MAGIC) {
      throw new CaptureError('a section header without its byte-order mark', offset + 8);
    }
    this.#interfaces = [];
  }

  #readBlock(type: number, block: BlockReader): Frame | undefined {
    switch (type) {
      case format.INTERFACE_DESCRIPTION:
        if (this.#interfaces.length >= INTERFACES_MAX) throw block.error('too many interfaces', 0);
        this.#interfaces.push(readInterface(block));
        return undefined;
      case format.NAME_RESOLUTION:
        this.#readNames(block);
        return undefined;
      case format.ENHANCED_PACKET: {
        block.need(28);
        const captured = block.u32(20);
        return this.#frame(block, block.u32(8), block.timestamp(12), 28, captured, block.u32(24));
      }
      case format.PACKET: {
        block.need(28);
        const captured = block.u32(20);
        return this.#frame(block, block.u16(8), block.timestamp(12), 28, captured, block.u32(24));
      }
      case format.SIMPLE_PACKET: {
        block.need(12);
        const original = block.u32(8);
        const snap = this.#interfaces[0]?.snapLength ?? 0;
        const captured = Math.min(original, snap === 0 ? original : snap);
        // It carries no time: we keep that of the frame before.
        return this.#frame(block, 0, undefined, 12, captured, original);
      }
      default:
        return undefined; // statistics, secrets, custom blocks
    }
  }

  #frame(
    block: BlockReader,
    interfaceIndex: number,
    timestamp: bigint | undefined,
    dataAt: number,
    captured: number,
    originalLength: number,
  ): Frame {
    const description = this.#interfaces[interfaceIndex];
    if (description === undefined)
      throw block.error(`a packet of interface ${interfaceIndex}, which is not described`, 8);
    if (dataAt + format.padded(captured) > block.end) {
      throw block.error(`a packet of ${captured} octets does not fit its block`, dataAt - 8);
    }
    if (timestamp !== undefined) {
      const { unitsPerSecond, offsetSeconds } = description;
      this.#lastNanoseconds = (timestamp * 1_000_000_000n) / unitsPerSecond + offsetSeconds * 1_000_000_000n;
    }
    const optionsAt = dataAt + format.padded(captured);
    return {
      number: ++this.#frames,
      nanoseconds: this.#lastNanoseconds,
      linkType: description.linkType,
      interfaceIndex,
      interfaceName: description.name,
      bytes: block.bytes.slice(dataAt, dataAt + captured),
      originalLength,
      comments: block
        .options(optionsAt)
        .filter(({ code }) => code === format.OPTION_COMMENT)
        .map(({ value }) => text(value)),
      offset: block.offset,
    };
  }

  #readNames(block: BlockReader): void {
    for (const { code, value } of block.options(8)) {
      const addressLength = code === format.NAME_IPV4 ? 4 : code === format.NAME_IPV6 ? 16 : 0;
      if (addressLength === 0 || value.length <= addressLength || this.#names.size >= NAMES_MAX) continue;
      const end = value.indexOf(0, addressLength);
      const name = text(value.subarray(addressLength, end < 0 ? undefined : end));
      this.#names.set(addressLength === 4 ? formatIpv4(readI32(value, 0)) : formatIpv6(value), name);
    }
  }
}

/** One block in the byte order of its section; offsets count from the block's start. */
class BlockReader {
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Where the body ends. */
  readonly end: number;
  readonly #view: DataView;
  readonly #isLittle: boolean;

  constructor(bytes: Uint8Array, isLittle: boolean, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = bytes.length - 4;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#isLittle = isLittle;
  }

  u16(at: number): number {
    return this.#view.getUint16(at, this.#isLittle);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, this.#isLittle);
  }

  i64(value: Uint8Array): bigint {
    return new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0, this.#isLittle);
  }

  timestamp(at: number): bigint {
    return (BigInt(this.u32(at)) << 32n) | BigInt(this.u32(at + 4));
  }

  need(length: number): void {
    if (this.end < length) throw this.error('a block shorter than its fixed part', 4);
  }

  options(from: number): Option[] {
    const found: Option[] = [];
    let at = from;
    while (at + 4 <= this.end) {
      const code = this.u16(at);
      const length = this.u16(at + 2);
      if (code === format.OPTION_END) break;
      if (at + 4 + length > this.end) throw this.error('an option runs past its block', at);
      found.push({ code, value: this.bytes.subarray(at + 4, at + 4 + length) });
      at += 4 + format.padded(length);
    }
    return found;
  }

  error(problem: string, at: number): CaptureError {
    return new CaptureError(problem, this.offset + at);
  }
}

function readInterface(block: BlockReader): Interface {
  block.need(16);
  let name = '';
  let unitsPerSecond = 1_000_000n;
  let offsetSeconds = 0n;
  for (const { code, value } of block.options(16)) {
    if (code === format.INTERFACE_NAME) name = text(value);
    else if (code === format.INTERFACE_RESOLUTION && value.length === 1) unitsPerSecond = resolution(value[0]!);
    else if (code === format.INTERFACE_OFFSET && value.length === 8) offsetSeconds = block.i64(value);
  }
  return { linkType: block.u16(8), snapLength: block.u32(12), name, unitsPerSecond, offsetSeconds };
}

/** High bit clear: a power of ten; set: a power of two. */
function resolution(exponent: number): bigint {
  return (exponent & 0x80) === 0 ? 10n ** BigInt(exponent) : 2n ** BigInt(exponent & 0x7f);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
