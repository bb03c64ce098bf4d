/**
 * A record of a tap: what passed, when, and where from. The same octets lie in the ring and go over the control socket.
 *   0      4      5           6      7     8        16     20     22      24       28         32      36   40
 *   | size | type | direction | role | via | at (8) | ipv4 | port | local | length | captured | local4 | -  | octets ...
 *
 * Shape: little-endian; `size` counts the whole record, padding to a multiple of 8 included.
 */

export const RECORD_HEADER = 40;

export const RecordType = {
  /** A datagram; `ipv4` and `port` are the other end's, `local` and `local4` are ours. */
  Datagram: 1,
  /** An IPv6 packet at the interface. */
  Packet: 2,
  /** `length` records were lost so far, and nothing that passed before `at` is on its way any more. */
  Mark: 3,
  /** Nothing: the ring begins anew behind it. */
  Pad: 255,
} as const;

/** `Out` leaves this host: a datagram for the network, a packet that the host hands to the tunnel. */
export const Direction = { In: 0, Out: 1 } as const;

/** One record as an object: the slow path. */
export interface TapRecord {
  readonly type: 'datagram' | 'packet';
  readonly isOut: boolean;
  /** Index of the role in the process. */
  readonly role: number;
  /** Which local socket. */
  readonly via: number;
  /** ms since 1970. */
  readonly at: number;
  /** The other end; 0 and 0 for a packet. */
  readonly remote: { readonly ipv4: number; readonly port: number };
  readonly local: { readonly ipv4: number; readonly port: number };
  /** Octets that passed; `bytes` holds fewer when it was asked for less. */
  readonly length: number;
  /** A view: who keeps it copies it. */
  readonly bytes: Uint8Array;
}

export function paddedSize(captured: number): number {
  return (RECORD_HEADER + captured + 7) & ~7;
}

/** How far a reader has come. */
export interface Mark {
  /** ms since 1970: whatever passed before has been told, or is lost. */
  readonly at: number;
  /** Records lost since the beginning. */
  readonly lost: number;
}

/** Reads the records in `chunk` one by one, and the marks between them. Gives the offset behind the last whole one. */
export function readRecords(chunk: Uint8Array, tell: (record: TapRecord) => void, mark: (mark: Mark) => void): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = 0;
  while (at + RECORD_HEADER <= chunk.length) {
    const size = view.getUint32(at, true);
    if (at + size > chunk.length) break;
    const type = chunk[at + 4];
    if (type === RecordType.Mark) {
      mark({ at: view.getFloat64(at + 8, true), lost: view.getUint32(at + 24, true) });
    } else if (type !== RecordType.Pad) {
      tell(record(chunk, view, at));
    }
    at += size;
  }
  return at;
}

function record(chunk: Uint8Array, view: DataView, at: number): TapRecord {
  const start = at + RECORD_HEADER;
  return {
    type: chunk[at + 4] === RecordType.Datagram ? 'datagram' : 'packet',
    isOut: chunk[at + 5] === Direction.Out,
    role: chunk[at + 6]!,
    via: chunk[at + 7]!,
    at: view.getFloat64(at + 8, true),
    remote: { ipv4: view.getInt32(at + 16, true), port: view.getUint16(at + 20, true) },
    local: { ipv4: view.getInt32(at + 32, true), port: view.getUint16(at + 22, true) },
    length: view.getUint32(at + 24, true),
    bytes: chunk.subarray(start, start + view.getUint32(at + 28, true)),
  };
}

export function markRecord({ at, lost }: Mark): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, RECORD_HEADER, true);
  bytes[4] = RecordType.Mark;
  view.setFloat64(8, at, true);
  view.setUint32(24, lost, true);
  return bytes;
}
