/**
 * Classic pcap (IETF draft-ietf-opsawg-pcap).
 *   0       4       6       8       12      16     20          24
 *   | magic | major | minor | zone  | sigfigs | snap | link type |   then for each packet
 *   | seconds | fraction | captured length | original length | octets
 */

import type { ByteQueue } from './byte-queue.ts';
import { CaptureError } from './capture-error.ts';
import type { Frame, FrameParser } from './frame.ts';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const HEADER_LENGTH = 24;
const RECORD_LENGTH = 16;
/** Our own bound: no packet is longer, so that garbage cannot make us wait for gigabytes. */
const PACKET_LENGTH_MAX = 16 * 1024 * 1024;

export class PcapParser implements FrameParser {
  #isHeaderRead = false;
  #isLittle = true;
  #nanosecondsPerUnit = 1000n;
  #linkType = 0;
  #frames = 0;

  /** Whether a file with these first four octets is a classic capture. */
  static opens(first: Uint8Array): boolean {
    const view = new DataView(first.buffer, first.byteOffset, 4);
    return [true, false].some((isLittle) => {
      const magic = view.getUint32(0, isLittle);
      return magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS;
    });
  }

  get expecting(): string {
    return this.#isHeaderRead ? 'the record of a packet' : 'the file header';
  }

  next(queue: ByteQueue): Frame | undefined {
    if (!this.#isHeaderRead && !this.#readHeader(queue)) return undefined;
    const record = queue.peek(RECORD_LENGTH);
    if (record === undefined) return undefined;
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    const captured = view.getUint32(8, this.#isLittle);
    if (captured > PACKET_LENGTH_MAX) {
      throw new CaptureError(`a packet record says ${captured} octets, more than any packet`, queue.offset + 8);
    }
    // Gigabytes of zeros would be frames by the hundred million.
    if (record.every((octet) => octet === 0)) {
      throw new CaptureError(
        'zeros where a packet record should be: the file was not written to its end',
        queue.offset,
      );
    }
    const whole = queue.peek(RECORD_LENGTH + captured);
    if (whole === undefined) return undefined;
    const seconds = BigInt(view.getUint32(0, this.#isLittle));
    const fraction = BigInt(view.getUint32(4, this.#isLittle));
    const frame: Frame = {
      number: ++this.#frames,
      nanoseconds: seconds * 1_000_000_000n + fraction * this.#nanosecondsPerUnit,
      linkType: this.#linkType,
      interfaceIndex: 0,
      interfaceName: '',
      bytes: whole.slice(RECORD_LENGTH),
      originalLength: view.getUint32(12, this.#isLittle),
      comments: [],
      offset: queue.offset,
    };
    queue.skip(RECORD_LENGTH + captured);
    return frame;
  }

  #readHeader(queue: ByteQueue): boolean {
    const header = queue.peek(HEADER_LENGTH);
    if (header === undefined) return false;
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    const magic = view.getUint32(0, true);
    this.#isLittle = magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS;
    this.#nanosecondsPerUnit = view.getUint32(0, this.#isLittle) === MAGIC_NANOSECONDS ? 1n : 1000n;
    const major = view.getUint16(4, this.#isLittle);
    if (major !== 2) throw new CaptureError(`pcap version ${major} is not known, only 2`, 4);
    // The upper bits tell of frame check sequences.
    this.#linkType = view.getUint32(20, this.#isLittle) & 0x0fff_ffff;
    queue.skip(HEADER_LENGTH);
    this.#isHeaderRead = true;
    return true;
  }
}
