import type { Endpoint } from '../../roles/role.ts';
import { formatIpv4, formatIpv6 } from '../../wire/text.ts';
import type { RoleConfiguration } from '../configuration/configuration.ts';
import type { Report } from '../reports.ts';

/** A tunnel as programs of the administrator's are told of it. `gone`: the process is about to end. */
export type TunnelState =
  | {
      readonly state: 'up';
      readonly address?: string;
      readonly mtu: number;
      readonly mapped?: Endpoint;
      readonly server?: Endpoint;
    }
  | { readonly state: 'down'; readonly reason: string }
  | { readonly state: 'gone' };

/** RFC 4380 §5.1.2: what has no router advertisement to learn from. */
const MTU = 1280;

/** What a report says about the tunnel of its role; undefined: nothing. A client is up once it is qualified. */
export function stateIn(report: Report): TunnelState | undefined {
  if (report.type === 'ready') {
    const { role } = report;
    return role.role === 'client' || role.interfaceName === undefined ? undefined : { state: 'up', mtu: MTU };
  }
  if (report.type === 'qualified') {
    const { address, mtu, mapped, server } = report.event;
    return { state: 'up', address: formatIpv6(address), mtu, mapped, server };
  }
  if (report.type === 'event' && report.event.type === 'dormant') return { state: 'down', reason: 'dormant' };
  return report.type === 'off-line' ? { state: 'down', reason: report.event.reason } : undefined;
}

/** The environment of a `[hooks]` program; `was` is what such programs were told last. */
export function environmentOf(
  event: string,
  role: RoleConfiguration,
  was: TunnelState,
  is: TunnelState,
): Record<string, string> {
  const variables: Record<string, string> = {
    TEREDO_EVENT: event,
    TEREDO_ROLE: role.role,
    TEREDO_INTERFACE: role.interfaceName ?? '',
  };
  const server = is.state === 'up' ? is.server : was.state === 'up' ? was.server : undefined;
  if (server !== undefined) variables.TEREDO_SERVER = formatIpv4(server.ipv4);
  if (was.state === 'up' && was.address !== undefined) variables.TEREDO_OLD_ADDRESS = was.address;
  if (is.state === 'down') variables.TEREDO_REASON = is.reason;
  if (is.state === 'up') {
    variables.TEREDO_MTU = String(is.mtu);
    if (is.address !== undefined) variables.TEREDO_ADDRESS = is.address;
    if (is.mapped !== undefined) {
      variables.TEREDO_MAPPED_ADDRESS = formatIpv4(is.mapped.ipv4);
      variables.TEREDO_MAPPED_PORT = String(is.mapped.port);
    }
  }
  return variables;
}
