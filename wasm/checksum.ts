/**
 * The Internet checksum's sum (RFC 1071) with 128-bit SIMD, in AssemblyScript: its memory is the arena of `io/linux`.
 *
 * The octets are added as little-endian words, eight at a time, and turned round once in the end: RFC 1071 §2 (B).
 */

/**
 * Adds `length` octets at `at` to a running sum.
 *
 * Units:  offset and octets in; a sum of words in network order out, as its `initial` was.
 * Shape:  at most 0xffff is added to `initial`; an odd last octet counts as the high half of a word.
 * Errors: none; the range lies in memory and holds less than 2^17 octets, so that no lane overflows.
 */
export function sum(at: usize, length: u32, initial: u32): u32 {
  let even = i32x4.splat(0);
  let odd = i32x4.splat(0);
  let here = at;
  const end = at + length;
  const end32 = at + (length & ~31);
  while (here < end32) {
    even = i32x4.add(even, i32x4.extadd_pairwise_i16x8_u(v128.load(here)));
    odd = i32x4.add(odd, i32x4.extadd_pairwise_i16x8_u(v128.load(here, 16)));
    here += 32;
  }
  even = i32x4.add(even, odd);
  let total: u64 =
    <u64>(<u32>i32x4.extract_lane(even, 0)) +
    <u64>(<u32>i32x4.extract_lane(even, 1)) +
    <u64>(<u32>i32x4.extract_lane(even, 2)) +
    <u64>(<u32>i32x4.extract_lane(even, 3));
  while (here + 8 <= end) {
    total += <u64>load<u32>(here) + <u64>load<u32>(here, 4);
    here += 8;
  }
  while (here + 2 <= end) {
    total += <u64>load<u16>(here);
    here += 2;
  }
  if (here < end) total += <u64>load<u8>(here);
  total = (total & 0xffffffff) + (total >> 32);
  total = (total & 0xffff) + (total >> 16);
  total = (total & 0xffff) + (total >> 16);
  total = (total & 0xffff) + (total >> 16);
  return initial + bswap<u16>(<u16>total);
}
