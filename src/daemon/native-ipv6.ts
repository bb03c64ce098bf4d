import { hostAddresses } from '../io/linux/host.ts';
import { ask } from '../io/linux/ip.ts';
import { parseIpv6 } from '../wire/text.ts';
import { isGlobalNative } from './host-view.ts';

/**
 * The address and interface by which this host reaches the IPv6 Internet without Teredo; undefined: it does not.
 *
 * Shape:  text for people, such as "2001:db8::1 on eth0". Needs both a global address and a default route: either
 *         alone carries nothing.
 * Errors: none; where `ip` cannot be asked, the host counts as having no IPv6.
 * Source: RFC 4380 §5.5, §3.2.1; ledger CLI-130.
 */
export async function nativeIpv6(ownInterface: string): Promise<string | undefined> {
  const routes = await ask<{ dev?: string }>('-6', 'route', 'show', 'default').catch(() => []);
  const devices = new Set(routes.flatMap(({ dev }) => (dev === undefined || dev === ownInterface ? [] : [dev])));
  if (devices.size === 0) return undefined;
  const found = hostAddresses().ipv6.find(({ interfaceName, address }) => {
    const octets = parseIpv6(address);
    return interfaceName !== ownInterface && octets !== undefined && isGlobalNative(octets);
  });
  return found === undefined ? undefined : `${found.address} on ${found.interfaceName}`;
}
