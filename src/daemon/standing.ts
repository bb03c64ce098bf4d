import type { WantedInterface } from '../io/linux/interface.ts';
import type { RoleConfiguration } from './configuration/configuration.ts';
import { RELAY_HALVES, RELAY_ROUTE } from './routes.ts';

/** RFC 4380 §5.1.2. */
export const RELAY_MTU = 1280;

/** The interface of a role that has no qualification to wait for; `announced`: of a relay whose tests pass. */
export function standing(role: RoleConfiguration, announced = false): WantedInterface {
  return { up: true, mtu: RELAY_MTU, addresses: [], routes: routes(role, announced) };
}

function routes(role: RoleConfiguration, announced: boolean) {
  if (role.role === 'server' || role.role === 'client') return [];
  if (role.announce === undefined) return [RELAY_ROUTE];
  return announced ? [...RELAY_HALVES, RELAY_ROUTE] : RELAY_HALVES;
}
