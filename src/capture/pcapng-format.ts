/**
 * What writer and reader of pcapng share (IETF draft-ietf-opsawg-pcapng).
 *   block:   type (4) | length (4) | body, padded to 4 | length (4)
 *   option:  code (2) | length (2) | value, padded to 4
 */

export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
/** Obsolete since 2009, still in old files. */
export const PACKET = 2;
export const SIMPLE_PACKET = 3;
export const NAME_RESOLUTION = 4;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;

/** In the byte order of the section. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OPTION_END = 0;
export const OPTION_COMMENT = 1;
export const SECTION_APPLICATION = 4;
export const INTERFACE_NAME = 2;
export const INTERFACE_DESCRIPTION_TEXT = 3;
export const INTERFACE_RESOLUTION = 9;
export const INTERFACE_OFFSET = 14;

export const STATISTICS_RECEIVED = 4;
export const STATISTICS_DROPPED = 5;

export const NAME_END = 0;
export const NAME_IPV4 = 1;
export const NAME_IPV6 = 2;

/** Octets of a block around its body. */
export const BLOCK_OVERHEAD = 12;

/** Our own bound: no block is longer, so that garbage cannot make us wait for gigabytes. */
export const BLOCK_LENGTH_MAX = 16 * 1024 * 1024;

/** `length` rounded up to the next multiple of 4; good for every uint32, so no bit operators. */
export function padded(length: number): number {
  return length + ((4 - (length % 4)) % 4);
}
