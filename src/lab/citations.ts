import type { Cast } from './build.ts';
import type { Flight } from './flights.ts';

/** Where RFC 4380 says so: "(§5.2.9)"; empty where nothing special is to be cited. */
export function citationFor(kind: string, cast: Cast, flight: Flight, receiver: string): string {
  const section = sectionFor(kind, cast, flight, receiver);
  return section === '' ? '' : `(§${section})`;
}

function sectionFor(kind: string, cast: Cast, { sender, cause }: Flight, receiver: string): string {
  const isFromServer = cast.servers.has(sender);
  const isRelay = cast.relays.has(sender);
  switch (kind) {
    case 'router solicitation':
      return '5.2.1';
    case 'router advertisement':
      return '5.3.2';
    case 'connectivity test':
      return '5.2.9';
    case 'indirect bubble':
      if (isFromServer) return '5.3.1';
      return isRelay ? '5.4.1' : '5.2.4';
    case 'direct bubble':
      return cause === undefined ? '5.2.4' : '5.2.6';
    default:
      return cast.servers.has(receiver) ? '5.3.1' : '';
  }
}
