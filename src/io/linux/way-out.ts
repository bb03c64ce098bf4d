import { ask } from './ip.ts';

/** The way that datagrams to one destination take out of this host. */
export interface WayOut {
  readonly interfaceName: string;
  /** The host's own address on it. */
  readonly local: string;
  /** Undefined: the destination is on the link. */
  readonly gateway: string | undefined;
  /** Octets of an IPv4 packet: the interface's, or less where the path is known to carry less. */
  readonly mtu: number;
  /** What the kernel calls the interface's kind ("wireguard", "tun", "veth"); undefined: a usual one. */
  readonly kind: string | undefined;
}

interface RouteRow {
  readonly dev?: string;
  readonly gateway?: string;
  readonly prefsrc?: string;
  readonly metrics?: readonly { readonly mtu?: number }[];
}

interface LinkRow {
  readonly mtu?: number;
  readonly link_type?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

/**
 * Asks the kernel for the way to `destination`.
 *
 * Errors: undefined when there is no route; TeredoError `TD-IP-MISSING` when there is no `ip` to ask.
 */
export async function wayOutTo(destination: string): Promise<WayOut | undefined> {
  const [route] = await ask<RouteRow>('-4', 'route', 'get', destination).catch((error: { code?: string }) => {
    if (error.code === 'TD-IP-MISSING') throw error;
    return [];
  });
  if (route?.dev === undefined || route.prefsrc === undefined) return undefined;
  const [link] = await ask<LinkRow>('-details', 'link', 'show', 'dev', route.dev).catch(() => []);
  const pathMtu = route.metrics?.find(({ mtu }) => mtu !== undefined)?.mtu;
  const kind = link?.linkinfo?.info_kind ?? (link?.link_type === 'ppp' ? 'ppp' : undefined);
  return {
    interfaceName: route.dev,
    local: route.prefsrc,
    gateway: route.gateway,
    mtu: Math.min(pathMtu ?? 65_535, link?.mtu ?? 65_535),
    kind,
  };
}
