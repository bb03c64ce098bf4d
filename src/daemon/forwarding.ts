import { TeredoError } from '../errors.ts';
import { forwardsIpv6 } from '../io/linux/host.ts';
import type { RoleConfiguration } from './configuration/configuration.ts';

/** What this host keeps a role from doing, now: whom it serves lies behind the host. Undefined: nothing. */
export function forwardingTrouble(role: RoleConfiguration): TeredoError | undefined {
  const carries = role.role === 'relay' || (role.role === 'server' && role.interfaceName !== undefined);
  if (!carries || forwardsIpv6()) return undefined;
  return new TeredoError(
    'TD-FORWARDING-OFF',
    `this host does not forward IPv6, so the ${role.role} serves nobody but the host itself`,
    'sysctl -w net.ipv6.conf.all.forwarding=1',
  );
}
