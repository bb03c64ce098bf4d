/** Writes pcapng: same calls, same octets. Nothing of the clock or the machine gets into the file. */

import { RAW } from './link-layer.ts';
import * as format from './pcapng-format.ts';

export interface PcapngOptions {
  /** Stamped into the file as the application that wrote it. */
  readonly application?: string;
  /** Resolution of the time stamps; 'ns' unless told otherwise. */
  readonly resolution?: 'us' | 'ns';
}

export interface PcapngInterface {
  readonly name: string;
  readonly description?: string;
  /** See `link-layer.ts`; RAW, an IPv4 or IPv6 packet with nothing in front, unless told otherwise. */
  readonly linkType?: number;
}

/** Octets; nothing is cut by us. */
const SNAP_LENGTH = 262_144;

/**
 * A pcapng file, handed block by block to `write`.
 *
 * Shape:  the section header leaves at once; interfaces may be added at any time before their first packet.
 * Errors: those of `write`; RangeError for a packet of an interface that was not added.
 */
export class PcapngWriter {
  readonly #write: (block: Uint8Array) => void;
  readonly #perUnit: bigint;
  #interfaces = 0;

  constructor(write: (block: Uint8Array) => void, options: PcapngOptions = {}) {
    this.#write = write;
    this.#perUnit = options.resolution === 'us' ? 1000n : 1n;
    const fixed = new Uint8Array(16);
    const view = new DataView(fixed.buffer);
    view.setUint32(0, format.BYTE_ORDER_MAGIC, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true); // section length: not told
    const application = options.application ?? 'teredo';
    this.#block(format.SECTION_HEADER, fixed, [textOption(format.SECTION_APPLICATION, application)]);
  }

  /** Adds an interface and returns its index, 0 for the first. */
  addInterface(description: PcapngInterface): number {
    const fixed = new Uint8Array(8);
    const view = new DataView(fixed.buffer);
    view.setUint16(0, description.linkType ?? RAW, true);
    view.setUint32(4, SNAP_LENGTH, true);
    const options = [textOption(format.INTERFACE_NAME, description.name)];
    if (description.description !== undefined) {
      options.push(textOption(format.INTERFACE_DESCRIPTION_TEXT, description.description));
    }
    options.push(option(format.INTERFACE_RESOLUTION, Uint8Array.of(this.#perUnit === 1n ? 9 : 6)));
    this.#block(format.INTERFACE_DESCRIPTION, fixed, options);
    return this.#interfaces++;
  }

  /** Tells the reader a name for an address of 4 or 16 octets; Wireshark shows it, and so do we. */
  addName(address: Uint8Array, name: string): void {
    const text = new TextEncoder().encode(name);
    const value = new Uint8Array(address.length + text.length + 1);
    value.set(address);
    value.set(text, address.length);
    const type = address.length === 4 ? format.NAME_IPV4 : format.NAME_IPV6;
    this.#block(format.NAME_RESOLUTION, concatenate([option(type, value), new Uint8Array(4)]), []);
  }

  /**
   * Adds a packet.
   *
   * Units:  `at` is ms since 1970 as a number, or ns since 1970 as a bigint where ms are not exact enough.
   * Shape:  `originalLength` octets passed, where `packet` holds fewer of them.
   */
  addPacket(
    interfaceIndex: number,
    at: number | bigint,
    packet: Uint8Array,
    comments: readonly string[] = [],
    originalLength = packet.length,
  ): void {
    if (interfaceIndex < 0 || interfaceIndex >= this.#interfaces) {
      throw new RangeError(`no interface ${interfaceIndex}: ${this.#interfaces} were added`);
    }
    const fixed = new Uint8Array(20 + format.padded(packet.length));
    const view = new DataView(fixed.buffer);
    view.setUint32(0, interfaceIndex, true);
    this.#setInstant(view, at);
    view.setUint32(12, packet.length, true);
    view.setUint32(16, originalLength, true);
    fixed.set(packet, 20);
    this.#block(
      format.ENHANCED_PACKET,
      fixed,
      comments.map((comment) => textOption(format.OPTION_COMMENT, comment)),
    );
  }

  /** Tells, at the end, how many packets an interface had and how many of them are missing from the file. */
  addStatistics(interfaceIndex: number, at: number, received: number, dropped: number): void {
    const fixed = new Uint8Array(12);
    const view = new DataView(fixed.buffer);
    view.setUint32(0, interfaceIndex, true);
    this.#setInstant(view, at);
    this.#block(format.INTERFACE_STATISTICS, fixed, [
      option(format.STATISTICS_RECEIVED, u64(received)),
      option(format.STATISTICS_DROPPED, u64(dropped)),
    ]);
  }

  /** Behind the interface's index, wherever there is an instant. */
  #setInstant(view: DataView, at: number | bigint): void {
    const units = (typeof at === 'bigint' ? at : nanoseconds(at)) / this.#perUnit;
    view.setUint32(4, Number(BigInt.asUintN(32, units >> 32n)), true);
    view.setUint32(8, Number(BigInt.asUintN(32, units)), true);
  }

  #block(type: number, fixed: Uint8Array, options: readonly Uint8Array[]): void {
    const all = options.length === 0 ? options : [...options, new Uint8Array(4)]; // the end of the options
    const body = concatenate([fixed, ...all]);
    const length = format.BLOCK_OVERHEAD + body.length;
    const block = new Uint8Array(length);
    const view = new DataView(block.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, length, true);
    block.set(body, 8);
    view.setUint32(length - 4, length, true);
    this.#write(block);
  }
}

/** Whole ms and their fraction apart, so that an instant of today keeps its microseconds. */
function nanoseconds(at: number): bigint {
  const whole = Math.floor(at);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((at - whole) * 1e6));
}

function u64(value: number): Uint8Array {
  return new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);
}

function textOption(code: number, text: string): Uint8Array {
  // An option's length is 16 bits; nobody reads a comment of 65535 octets.
  return option(code, new TextEncoder().encode(text).subarray(0, 65_535));
}

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + format.padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
