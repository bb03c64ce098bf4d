import { readFileSync } from 'node:fs';
import type { Arena, ArenaMemory } from './arena.ts';

// The types of Node 20 do not name WebAssembly.
declare const WebAssembly: {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { env: { memory: ArenaMemory; abort: () => void } },
  ) => {
    readonly exports: { readonly sum: Sum };
  };
};

/**
 * Adds the 16-bit words of `length` octets at offset `at` of an arena to a running sum (RFC 1071).
 *
 * Units:  offset and octets in; a sum of words in network order in and out, below 2^31.
 * Shape:  at most 2^31 / 2^16 additions fit one sum; an odd last octet counts as the high half of a word.
 * Errors: none.
 */
export type Sum = (at: number, length: number, initial: number) => number;

/** The sum of the Internet checksum over an arena: WebAssembly SIMD where the machine has it, else JavaScript. */
export interface Checksum {
  readonly sum: Sum;
  readonly by: 'SIMD' | 'JavaScript';
}

/** Built from wasm/checksum.ts by `npm run build`. */
const CODE = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/wasm/checksum.wasm' : '../../wasm/checksum.wasm',
  import.meta.url,
);

/** Errors: none; without the built file, or on a processor without SIMD, the slower twin does the work. */
export function checksumOf(arena: Arena): Checksum {
  const code = read();
  if (code === undefined || !WebAssembly.validate(code)) return { sum: sumInJavaScript(arena), by: 'JavaScript' };
  const imports = { env: { memory: arena.memory, abort: () => {} } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), imports);
  return { sum: exports.sum, by: 'SIMD' };
}

export function sumInJavaScript({ bytes }: Arena): Sum {
  return (at, length, initial) => {
    let total = 0;
    const even = at + (length & ~1);
    let here = at;
    for (; here < even; here += 2) total += (bytes[here]! << 8) | bytes[here + 1]!;
    if (length & 1) total += bytes[here]! << 8;
    return initial + fold(total);
  };
}

/** A sum below 2^32 in 16 bits. */
export function fold(total: number): number {
  let folded = (total & 0xffff) + (total >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

/** What stands in TCP's checksum field for this sum. */
export function tcpField(total: number): number {
  return ~fold(total) & 0xffff;
}

/** What stands in UDP's: 0 means "none" there, and 0xffff says the same to the arithmetic (RFC 768). */
export function udpField(total: number): number {
  return ~fold(total) & 0xffff || 0xffff;
}

function read(): Uint8Array | undefined {
  try {
    return readFileSync(CODE);
  } catch {
    return undefined;
  }
}
