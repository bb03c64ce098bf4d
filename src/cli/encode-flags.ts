import { parseHex, parseIpv4, parseIpv6 } from '../wire/text.ts';
import { usageError } from './flags.ts';

export interface EndpointFlag {
  /** int32. */
  readonly ipv4: number;
  readonly port: number;
}

/** "192.0.2.45:40001". Any IPv4 address may be encoded, also one that nobody may send to. */
export function endpointFlag(flag: string): (value: string) => EndpointFlag {
  return (value) => {
    const [address = '', port = ''] = value.split(/:([^:]*)$/);
    const ipv4 = parseIpv4(address);
    if (ipv4 === undefined) {
      throw usageError(flag, value, 'not an IPv4 address and a port', 'for instance 192.0.2.45:40001');
    }
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
      throw usageError(flag, value, 'the port is missing or above 65535', 'for instance 192.0.2.45:40001');
    }
    return { ipv4, port: Number(port) };
  };
}

export function ipv6Flag(flag: string): (value: string) => Uint8Array {
  return (value) => {
    const address = parseIpv6(value);
    if (address !== undefined) return address;
    throw usageError(flag, value, 'not an IPv6 address', 'for instance 2001:db8::1');
  };
}

/** Hex digits of just so many octets. */
export function octetsOf(flag: string, value: string, length: number): Uint8Array {
  const bytes = parseHex(value);
  if (bytes?.length === length) return bytes;
  throw usageError(flag, value, `not ${length} octets in hex`, `write ${2 * length} hex digits`);
}
