/** Numbers in network order. `at` is trusted: whoever calls has asked `fits` before. */

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** The same four octets as `readU32`, as an int32: what fast paths and columns hold. */
export function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at) >>> 0;
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeI32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Whether `length` octets are the same in both places. */
export function equal(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}

/** Copies octets between blocks without making a view. */
export function copy(from: Uint8Array, atFrom: number, to: Uint8Array, atTo: number, length: number): void {
  if (from === to) {
    to.copyWithin(atTo, atFrom, atFrom + length);
  } else {
    for (let i = 0; i < length; i++) to[atTo + i] = from[atFrom + i]!;
  }
}
