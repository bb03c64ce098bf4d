import { ByteQueue } from './byte-queue.ts';
import { CaptureError } from './capture-error.ts';
import type { Frame, FrameParser } from './frame.ts';
import { PcapParser } from './pcap-reader.ts';
import { PcapngParser } from './pcapng-reader.ts';

/** Reads capture files: pcapng and classic pcap, both byte orders. */
export class CaptureReader {
  /** Names the file gives to addresses, by address as text. Filled as the file is read. Bounded by 4096 names. */
  readonly names = new Map<string, string>();

  /** Whether a file that begins with these octets says that it is a capture. */
  static opens(beginning: Uint8Array): boolean {
    const first = beginning.subarray(0, 4);
    return first.length === 4 && (PcapngParser.opens(first) || PcapParser.opens(first));
  }

  /**
   * The frames of a file that arrives in chunks of any size.
   *
   * Shape:  memory is bounded by the largest record, not by the file.
   * Errors: CaptureError where the file is cut or no capture; all frames before that place have come out by then.
   */
  *frames(chunks: Iterable<Uint8Array>): Generator<Frame> {
    const queue = new ByteQueue();
    let parser: FrameParser | undefined;
    for (const chunk of chunks) {
      queue.append(chunk);
      parser ??= this.#recognize(queue);
      for (let frame = parser?.next(queue); frame !== undefined; frame = parser?.next(queue)) yield frame;
    }
    if (parser === undefined) {
      throw new CaptureError(queue.length === 0 ? 'the file is empty' : 'the file ends before its first header', 0);
    }
    if (queue.length > 0) {
      throw new CaptureError(`the file ends within ${parser.expecting}, ${queue.length} octets into it`, queue.offset);
    }
  }

  #recognize(queue: ByteQueue): FrameParser | undefined {
    const first = queue.peek(4);
    if (first === undefined) return undefined;
    if (PcapngParser.opens(first)) return new PcapngParser(this.names);
    if (PcapParser.opens(first)) return new PcapParser();
    const hex = Array.from(first, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new CaptureError(`not a capture file: it begins with ${hex}, neither pcapng nor pcap`, 0);
  }
}
