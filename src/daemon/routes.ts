import { type Route, refuseTaken } from '../io/linux/routes.ts';

/** Ledger CLI-33: poorer than any route a router advertisement or a person makes. */
export const CLIENT_ROUTE: Route = { destination: 'default', metric: 1029 };
/** Ledger HSR-07. */
export const RELAY_ROUTE: Route = { destination: '2001::/32', metric: 1024 };

/**
 * Makes sure, before a server is asked, that a client on this interface can have its route.
 *
 * Errors: TeredoError that says who has it.
 */
export async function refuseSecondClient(interfaceName: string): Promise<void> {
  await refuseTaken(CLIENT_ROUTE, interfaceName);
}
