import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { ask } from './ip.ts';

/** One address of the host as the system writes it. */
export interface HostAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly prefixLength: number;
}

export interface HostAddresses {
  readonly ipv4: readonly HostAddress[];
  readonly ipv6: readonly HostAddress[];
}

/** Addresses of all interfaces that are up, loopback addresses left out (but not other addresses of `lo`). */
export function hostAddresses(): HostAddresses {
  const ipv4: HostAddress[] = [];
  const ipv6: HostAddress[] = [];
  for (const [interfaceName, list] of Object.entries(networkInterfaces())) {
    for (const { address, family, cidr } of list ?? []) {
      const prefixLength = Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128));
      if (family === 'IPv4' && !address.startsWith('127.')) ipv4.push({ interfaceName, address, prefixLength });
      if (family === 'IPv6' && address !== '::1') ipv6.push({ interfaceName, address, prefixLength });
    }
  }
  return { ipv4, ipv6 };
}

/** Whether this host passes IPv6 packets on between interfaces: without it no relay works for others. */
export function forwardsIpv6(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8').trim() !== '0';
  } catch {
    return false;
  }
}

/** The IPv4 address that datagrams to `destination` leave with; undefined: there is no route. */
export async function localAddressTo(destination: string): Promise<string | undefined> {
  try {
    const [route] = await ask<{ prefsrc?: string }>('-4', 'route', 'get', destination);
    return route?.prefsrc;
  } catch {
    return undefined;
  }
}

/** The interface that IPv6 packets to `destination` leave by; undefined: there is no route. */
export async function interfaceTo(destination: string): Promise<string | undefined> {
  try {
    const [route] = await ask<{ dev?: string; type?: string }>('-6', 'route', 'get', destination);
    return route?.type === undefined || route.type === 'unicast' ? route?.dev : undefined;
  } catch {
    return undefined;
  }
}
