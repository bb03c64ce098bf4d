import { TeredoError } from '../errors.ts';

/** What a client is told whose server cannot do for it what servers are for. */

export function noRoute(server: string): TeredoError {
  const next = 'bring the network up ("ip route get" tells by which way it would go); asking goes on meanwhile';
  return new TeredoError('TD-NO-ROUTE', `this host has no route to ${server}`, next);
}

/** What it says of the mapping is what this host calls itself, whichever address is asked: no NAT is in between. */
export function ownServer(server: string): TeredoError {
  const next =
    'name a server on another host; a host with an address of its own may need no more than "teredo host-relay"';
  return new TeredoError(
    'TD-OWN-SERVER',
    `the server ${server} is this host itself, and sees nothing from outside`,
    next,
  );
}
