import { ask } from '../linux/ip.ts';
import type { Router } from './mapping.ts';

/**
 * The router that datagrams to `destination` go through.
 *
 * Shape:  undefined when the destination is on our own link, or there is no way to it.
 * Errors: none; where `ip` cannot be asked, there is no router.
 */
export async function routerTo(destination: string): Promise<Router | undefined> {
  try {
    const [route] = await ask<{ gateway?: string; prefsrc?: string }>('-4', 'route', 'get', destination);
    if (route?.gateway === undefined || route.prefsrc === undefined) return undefined;
    return { gateway: route.gateway, local: route.prefsrc };
  } catch {
    return undefined;
  }
}
