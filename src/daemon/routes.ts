import { type Route, refuseTaken } from '../io/linux/routes.ts';

/** Ledger CLI-33: poorer than any route a router advertisement or a person makes. */
export const CLIENT_ROUTE: Route = { destination: 'default', metric: 1029 };
/** Ledger HSR-07. */
export const RELAY_ROUTE: Route = { destination: '2001::/32', metric: 1024 };

/**
 * The same in two halves, for a relay that announces: they stay for as long as it runs, so that what still comes while
 * the whole is withdrawn goes into the tunnel, whatever other relays announce, and never round in circles. Daemons of
 * routing that take the whole prefix, to the octet, take no notice of them.
 */
export const RELAY_HALVES: readonly Route[] = [
  { destination: '2001::/33', metric: 1024 },
  { destination: '2001:0:8000::/33', metric: 1024 },
];

/**
 * Makes sure, before a server is asked, that a client on this interface can have its route.
 *
 * Errors: TeredoError that says who has it.
 */
export async function refuseSecondClient(interfaceName: string): Promise<void> {
  await refuseTaken(CLIENT_ROUTE, interfaceName);
}
