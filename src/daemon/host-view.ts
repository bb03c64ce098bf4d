import { hostAddresses } from '../io/linux/host.ts';
import { parseIpv4, parseIpv6 } from '../wire/text.ts';
import type { HostView } from './messages.ts';

/** The host's addresses now, as roles need them; those of our own interfaces are left out. */
export function viewHost(ownInterfaces: readonly string[]): HostView {
  const { ipv4, ipv6 } = hostAddresses();
  const ours = new Set(ownInterfaces);
  const localNetworks = ipv4.flatMap(({ interfaceName, address, prefixLength }) => {
    const int32 = parseIpv4(address);
    return int32 === undefined || ours.has(interfaceName) ? [] : [{ ipv4: int32, prefixLength }];
  });
  const ownAddresses = ipv6.flatMap(({ interfaceName, address }) => {
    const octets = parseIpv6(address);
    return octets === undefined || ours.has(interfaceName) || !isGlobalNative(octets) ? [] : [octets];
  });
  return { localNetworks, ownAddresses };
}

/** RFC 4380 §2.8: a host-specific relay stands for native or 6to4 addresses; never for Teredo's 2001::/32. */
export function isGlobalNative(octets: Uint8Array): boolean {
  if ((octets[0]! & 0xe0) !== 0x20) return false;
  return !(octets[0] === 0x20 && octets[1] === 0x01 && octets[2] === 0 && octets[3] === 0);
}
