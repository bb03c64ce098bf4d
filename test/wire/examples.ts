/** The worked examples of the ledger, section K, as hex; and real datagrams. Spaces separate fields. */

import { parseHex, parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

export function bytesOf(hex: string): Uint8Array {
  const bytes = parseHex(hex);
  if (bytes === undefined) throw new Error(`not hex: ${hex}`);
  return bytes;
}

export function ipv4Of(text: string): number {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) throw new Error(`not an IPv4 address: ${text}`);
  return ipv4;
}

export function ipv6Of(text: string): Uint8Array {
  const address = parseIpv6(text);
  if (address === undefined) throw new Error(`not an IPv6 address: ${text}`);
  return address;
}

export const ADDRESS_A = '2001:0:cb00:7101:18a5:63be:3fff:fdd2';
export const ADDRESS_B = '2001:0:c633:6401:2c3e:372a:39cc:9bb2';

const AUTHENTICATION = '0001 00 00 0102030405060708 00';
const SOLICITATION = `60000000 0008 3a ff fe80000000000000 0000ffff fffffffe
  ff020000000000000000000000000002 85 00 7d38 00000000`;
const ORIGIN = '0000 63be 3ffffdd2';
const ADVERTISEMENT = `60000000 0038 3a ff fe80000000000000 8000 f227 34ff8efe fe80000000000000 0000ffff fffffffe
  86 00 954d 00 00 0000 00000000 000007d0
  03 04 40 40 ffffffff ffffffff 00000000 20010000cb007101 0000000000000000 05 01 0000 00000500`;

export const E1 = `${AUTHENTICATION} ${SOLICITATION}`;
export const E1C = `${AUTHENTICATION} 60000000 0008 3a ff fe80000000000000 8000ffff fffffffe
  ff020000000000000000000000000002 85 00 fd37 00000000`;
export const E2 = `${AUTHENTICATION} ${ORIGIN} ${ADVERTISEMENT}`;
export const E2M = `${AUTHENTICATION} ${ORIGIN}
  60000000 0030 3a ff fe80000000000000 8000 f227 34ff8efe fe80000000000000 0000ffff fffffffe
  86 00 9f56 00 00 0000 00000000 000007d0
  03 04 40 40 ffffffff ffffffff 00000000 20010000cb007101 0000000000000000`;
export const E3 = `0001 05 14 616c696365 c512bfedddad01ed3b9804be068c0771765ba6af 0102030405060708 00 ${SOLICITATION}`;
export const E4 = `0001 05 14 616c696365 47803a0221bd31002991a245ac73a9f58bf10c29 0102030405060708 00
  ${ORIGIN} ${ADVERTISEMENT}`;
export const E5 = '6000000000003b15 20010000cb00710118a563be3ffffdd2 20010000c63364012c3e372a39cc9bb2';
export const E5_SWAPPED = '6000000000003b15 20010000c63364012c3e372a39cc9bb2 20010000cb00710118a563be3ffffdd2';
export const E6 = `${E5} 0104 deadbeef 0308 0000 c0a8010a 9c41 0502 df78`;
export const E7 = `${ORIGIN} ${E6}`;
export const E8 = `${E5_SWAPPED} 0104 deadbeef`;
export const E9_SOLICITATION = `${E5} 0404 00 000000`;
export const E9_ADVERTISEMENT = `${E5_SWAPPED} 0404 01 000000`;
export const E10 = `6000000000103a40 20010000cb00710118a563be3ffffdd2 20010db8000500000000000000000080
  8000 9672 1234 0001 a1a2a3a4a5a6a7a8`;
export const E10_REPLY = `6000000000103a3a 20010db8000500000000000000000080 20010000cb00710118a563be3ffffdd2
  8100 9572 1234 0001 a1a2a3a4a5a6a7a8`;
export const E11 = '6000000000003b01 20010000cb00710118a563be3ffffdd2 ff020000000000000000000000000001';
export const E12 = `0000 f226 3ffffd37
  6000000000003b00 fe800000000000007c1234fffe56789a 20010000cb00710118a563be3ffffdd2`;
export const E12_ANSWER = '6000000000003b15 20010000cb00710118a563be3ffffdd2 fe800000000000007c1234fffe56789a';
export const E13_DISCARD = `${E5} 4100`;
export const E13_SKIP = `${E5} 8100 0104 deadbeef`;
export const E13_MALFORMED = `${E5} 0104de`;

/** Datagrams of public captures, as the ledger quotes them. */
export const XP_RS = `00010000cd5669400b22df88006000000000183afffe800000000000008000fffffffffffd
  ff0200000000000000000000000000028500a91d0000000001020000000000008000f12ab9c82815`;
export const MS15_RA = `00010000b11b3fea46a9afe900000032de46f93f466000000000303afffe800000000000008000f2273d77e3b3
  fe800000000000000000fffffffffffe8600649d0000000000003a98000007d0
  03044040ffffffffffffffff0000000020010000c2881c4cff00000000200100`;
export const W7_INDIRECT = `6000000000003b15200100005ef579fd3ca56ae62b37be972001000041379e76201a3f513afd573e
  010477a05e7603080000ac18ccc8dcd00502df78`;
export const W7_DELIVERED = `6000000000003b15200100005ef579fd30981099acae8abb200100005ef579fd20933b912b37be87
  01046b32d5ab03080000c0a8b20eef66`;
export const MIREDO_BUBBLE = '6000000000003b00fe80000000000000705c2d760ecb6c0020010000cb0071010c3c63be34ff8ef5';

/** Every example that is a whole datagram, by name. */
export const ALL: Readonly<Record<string, string>> = {
  E1,
  E1C,
  E2,
  E2M,
  E3,
  E4,
  E5,
  E6,
  E7,
  E8,
  E9_SOLICITATION,
  E9_ADVERTISEMENT,
  E10,
  E10_REPLY,
  E11,
  E12,
  E12_ANSWER,
  E13_DISCARD,
  E13_SKIP,
  E13_MALFORMED,
  XP_RS,
  MS15_RA,
  W7_INDIRECT,
  W7_DELIVERED,
  MIREDO_BUBBLE,
};
