import type { Chance } from './target.ts';

/** Octets at which parsers turn: lengths, types, prefixes, signs. */
const INTERESTING = [0, 1, 2, 3, 4, 5, 0x20, 0x3a, 0x3b, 0x3f, 0x40, 0x41, 0x60, 0x7f, 0x80, 0x86, 0xfe, 0xff];
/** Octets; what a mutation grows a message to at most. */
const LENGTH_MAX = 2_048;

/** A message that is almost good: a few changes to one of the seeds, or random octets. */
export function mutate(seeds: readonly Uint8Array[], chance: Chance): Uint8Array {
  if (seeds.length === 0 || chance.below(50) === 0) return randomOctets(chance.below(300), chance);
  let bytes: Uint8Array = chance.pick(seeds).slice();
  for (let changes = 1 + chance.below(4); changes > 0; changes--) bytes = change(bytes, seeds, chance);
  return bytes.length > LENGTH_MAX ? bytes.subarray(0, LENGTH_MAX) : bytes;
}

function change(bytes: Uint8Array, seeds: readonly Uint8Array[], chance: Chance): Uint8Array {
  if (bytes.length === 0) return randomOctets(1 + chance.below(40), chance);
  const at = chance.below(bytes.length);
  switch (chance.below(9)) {
    case 0:
      bytes[at]! ^= 1 << chance.below(8);
      return bytes;
    case 1:
      bytes[at] = chance.pick(INTERESTING);
      return bytes;
    case 2:
      bytes[at] = chance.uint32();
      return bytes;
    case 3: // a number of two octets, a little more or less
      if (at + 1 < bytes.length) {
        const number = (bytes[at]! << 8) + bytes[at + 1]! + chance.below(9) - 4;
        bytes[at] = number >> 8;
        bytes[at + 1] = number;
      }
      return bytes;
    case 4: // cut
      return bytes.subarray(0, at);
    case 5: // grow
      return join(bytes, randomOctets(1 + chance.below(40), chance));
    case 6: // leave out
      return join(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + chance.below(16))));
    case 7: // repeat
      return join(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - chance.below(40))));
    default: // splice with another good one
      return join(bytes.subarray(0, at), chance.pick(seeds).subarray(chance.below(60)));
  }
}

function randomOctets(length: number, chance: Chance): Uint8Array {
  return Uint8Array.from({ length }, () => chance.uint32());
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
