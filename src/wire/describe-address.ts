/** The fields inside an IPv6 address of Teredo, for `describe` and for people who hold an address only. */

import { readI32, readU16 } from './bytes.ts';
import { type Field, field, hex } from './field.ts';
import * as ipv6 from './ipv6.ts';
import * as teredo from './teredo.ts';
import { formatIpv4, formatIpv6 } from './text.ts';

/** RFC 4380 §2.7. */
const SERVER_PORT = 3544;

/**
 * The address at `at` as a field with what it embeds.
 *
 * Shape:  `name` is "ipv6.src", "ipv6.dst" or "ipv6.addr"; the children of a Teredo address are named as tshark
 *         names them (`ipv6.src_ts_ipv4` ...), with `teredo.addr.flags` added. A link-local address that carries
 *         a mapping (RFC 4380 §5.3.2) shows it likewise.
 */
export function addressField(name: string, label: string, bytes: Uint8Array, at: number): Field {
  return field(name, label, formatIpv6(bytes, at), at, 16, embedded(name, bytes, at));
}

function embedded(name: string, bytes: Uint8Array, at: number): Field[] {
  const prefix = name === 'ipv6.addr' ? 'ipv6.' : `${name}_`;
  if (teredo.isTeredo(bytes, at)) {
    return [
      field(`${prefix}ts_ipv4`, 'Server IPv4', formatIpv4(teredo.server(bytes, at)), at + teredo.SERVER, 4),
      ...mapping(prefix, 'Mapped', bytes, at),
    ];
  }
  return isServerLinkLocal(bytes, at) ? mapping(prefix, 'Server', bytes, at) : [];
}

function mapping(prefix: string, whose: string, bytes: Uint8Array, at: number): Field[] {
  return [
    flagsField(bytes, at),
    field(`${prefix}tc_port`, `${whose} port`, teredo.port(bytes, at), at + teredo.PORT, 2),
    field(`${prefix}tc_ipv4`, `${whose} IPv4`, formatIpv4(teredo.ipv4(bytes, at)), at + teredo.IPV4, 4),
  ];
}

/** RFC 4380 §4 and RFC 5991 §3.1, high bit first: C z RRRR U G RRRRRRRR. */
export function flagsField(bytes: Uint8Array, at: number): Field {
  const flags = teredo.flags(bytes, at);
  const here = at + teredo.FLAGS;
  const random = (((flags >>> 10) & 15) << 8) | (flags & 0xff);
  return field('teredo.addr.flags', 'Flags', hex(flags, 2), here, 2, [
    field('teredo.addr.flags.cone', 'Cone bit (C)', flags >>> 15, here, 1),
    field('teredo.addr.flags.z', 'Reserved bit (z)', (flags >>> 14) & 1, here, 1),
    field('teredo.addr.flags.universal', 'Universal/local bit (U)', (flags >>> 9) & 1, here, 1),
    field('teredo.addr.flags.group', 'Individual/group bit (G)', (flags >>> 8) & 1, here, 1),
    field('teredo.addr.flags.random', 'Random bits (R)', hex(random, 2), here, 2),
  ]);
}

/** The form of RFC 4380 §5.3.2: fe80::/64, the cone bit, a port and an IPv4 address, both obfuscated. */
function isServerLinkLocal(bytes: Uint8Array, at: number): boolean {
  return (
    ipv6.isLinkLocal(bytes, at) &&
    readI32(bytes, at + 4) === 0 &&
    readU16(bytes, at + teredo.FLAGS) === teredo.FLAG_CONE &&
    teredo.port(bytes, at) === SERVER_PORT
  );
}
