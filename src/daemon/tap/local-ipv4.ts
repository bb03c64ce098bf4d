import { localAddressTo } from '../../io/linux/host.ts';
import { VIA_SECONDARY_ADDRESS } from '../../roles/constants.ts';
import { formatIpv4, parseIpv4 } from '../../wire/text.ts';
import type { RoleConfiguration } from '../configuration/configuration.ts';

/** The IPv4 address that a local socket of a role has towards `remote`; undefined: there is no route. */
export async function localIpv4Of(
  role: RoleConfiguration | undefined,
  via: number,
  remote: number,
): Promise<number | undefined> {
  if (role?.role === 'server') return via === VIA_SECONDARY_ADDRESS ? role.ipv4Secondary : role.ipv4;
  if (role !== undefined && role.role !== 'client' && role.ipv4 !== 0) return role.ipv4;
  const address = await localAddressTo(formatIpv4(remote));
  return address === undefined ? undefined : parseIpv4(address);
}
