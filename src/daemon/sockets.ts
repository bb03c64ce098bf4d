import type { SocketPlan } from '../io/linux/socket.ts';
import {
  DISCOVERY_IPV4,
  SERVER_PORT,
  VIA_DISCOVERY,
  VIA_PRIMARY_ADDRESS,
  VIA_RANDOM,
  VIA_RANDOM_MAX,
  VIA_SECONDARY,
  VIA_SECONDARY_ADDRESS,
  VIA_SERVICE,
} from '../roles/constants.ts';
import { formatIpv4 } from '../wire/text.ts';
import type { RoleConfiguration } from './configuration/configuration.ts';

/** The local sockets of a role, by the `via` that the role knows them by, and which of them open at once. */
export function localSockets(
  configuration: RoleConfiguration,
  wishedPort = 0,
): {
  readonly plans: readonly SocketPlan[];
  readonly openAtStart: readonly number[];
} {
  const plans: SocketPlan[] = [];
  switch (configuration.role) {
    case 'client':
      // All addresses of the host: a socket bound to one of them is dead once the host loses it.
      plans[VIA_SERVICE] = { ipv4: 0, port: configuration.port, wishedPort, name: `--port ${configuration.port}` };
      plans[VIA_SECONDARY] = { ipv4: 0, port: 0, name: 'secondary port' };
      plans[VIA_DISCOVERY] = {
        ipv4: 0,
        port: SERVER_PORT,
        group: DISCOVERY_IPV4,
        name: 'local discovery (--no-local-discovery does without)',
      };
      for (let index = 0; index < VIA_RANDOM_MAX; index++) {
        plans[VIA_RANDOM + index] = { ipv4: 0, port: 0, name: 'random port (RFC 6081 5.4)' };
      }
      return { plans, openAtStart: [VIA_SERVICE] };
    case 'server': {
      const { ipv4, ipv4Secondary } = configuration;
      plans[VIA_PRIMARY_ADDRESS] = { ipv4, port: SERVER_PORT, name: `--address ${formatIpv4(ipv4)}` };
      plans[VIA_SECONDARY_ADDRESS] = {
        ipv4: ipv4Secondary,
        port: SERVER_PORT,
        name: `--address2 ${formatIpv4(ipv4Secondary)}`,
      };
      return { plans, openAtStart: [VIA_PRIMARY_ADDRESS, VIA_SECONDARY_ADDRESS] };
    }
    case 'relay':
    case 'host-relay': {
      const { ipv4, port } = configuration;
      const name = ipv4 === 0 ? `--port ${port}` : `--address ${formatIpv4(ipv4)} --port ${port}`;
      plans[VIA_SERVICE] = { ipv4, port, name };
      return { plans, openAtStart: [VIA_SERVICE] };
    }
  }
}
