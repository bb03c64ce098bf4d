import { hostAddresses } from '../../io/linux/host.ts';
import { ask } from '../../io/linux/ip.ts';
import { parseIpv6 } from '../../wire/text.ts';
import { isGlobalNative } from '../host-view.ts';
import { findController, joinedDomain } from '../managed-network.ts';
import { type Known, no, notKnown, yes } from './facts.ts';

/** RFC 4380 §5.5: whether this host reaches the IPv6 Internet without Teredo: a global address and a default route. */
export async function nativeIpv6(ownInterface: string): Promise<Known> {
  let routes: readonly { dev?: string }[];
  try {
    routes = await ask<{ dev?: string }>('-6', 'route', 'show', 'default');
  } catch (error) {
    return notKnown(`the routes cannot be read: ${(error as Error).message}`);
  }
  const devices = new Set(routes.flatMap(({ dev }) => (dev === undefined || dev === ownInterface ? [] : [dev])));
  const address = hostAddresses().ipv6.find((row) => {
    const octets = parseIpv6(row.address);
    return row.interfaceName !== ownInterface && octets !== undefined && isGlobalNative(octets);
  });
  if (address === undefined) return no('no global IPv6 address');
  if (devices.size === 0) return no(`${address.address} on ${address.interfaceName}, but no default route`);
  return yes(`${address.address} on ${address.interfaceName}`);
}

/** Longer than that no controller is waited for: its silence says enough. */
const CONTROLLER_MS = 8_000;

/** Whether this network is the one of the domain that this host has joined: a client of type "client" rests there. */
export async function managedNetwork(stopped: AbortSignal): Promise<Known> {
  const domain = joinedDomain();
  if (domain === undefined) return no('this host has joined no domain');
  const limit = AbortSignal.any([stopped, AbortSignal.timeout(CONTROLLER_MS)]);
  const controller = await findController(domain, limit);
  return controller === undefined ? no(`no controller of ${domain} answers`) : yes(`${controller} answers`);
}
