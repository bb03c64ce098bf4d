import type { ByteQueue } from './byte-queue.ts';

/** One frame of a capture, whatever the file format was. */
export interface Frame {
  /** 1 for the first frame of the file, as Wireshark counts. */
  readonly number: number;
  /** Since 1970, exact to what the file tells. */
  readonly nanoseconds: bigint;
  /** See `link-layer.ts`. */
  readonly linkType: number;
  /** The interface's index in its section; 0 in a classic file. */
  readonly interfaceIndex: number;
  /** The interface's name; empty when the file has none. */
  readonly interfaceName: string;
  /** What was captured: a copy, the caller's to keep. */
  readonly bytes: Uint8Array;
  /** Octets on the wire; more than `bytes` holds when a snap length cut the frame. */
  readonly originalLength: number;
  readonly comments: readonly string[];
  /** Where the frame's record starts in the file, in octets. */
  readonly offset: number;
}

/** The frame's instant in ms since 1970; a float64 keeps a quarter of a microsecond of it. */
export function frameAt(frame: Frame): number {
  return Number(frame.nanoseconds) / 1e6;
}

/** A file format, fed octet by octet. */
export interface FrameParser {
  /** The next frame; undefined: more octets are needed. Throws CaptureError. */
  next(queue: ByteQueue): Frame | undefined;
  /** What the file was in the middle of when it ended. */
  readonly expecting: string;
}
