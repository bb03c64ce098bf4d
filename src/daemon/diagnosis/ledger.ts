import { parse } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as routerSolicitation from '../../wire/router-solicitation.ts';
import { formatEndpoint } from '../../wire/text.ts';

/** What went to whom. */
export interface SentEntry {
  readonly to: string;
  readonly what: string;
  readonly count: number;
}

/** Keeps count of all that a diagnosis sends. Bounded by whom it sends to: the servers named and the router. */
export class Ledger {
  readonly #counts = new Map<string, SentEntry>();

  note(to: string, what: string): void {
    const key = `${to} ${what}`;
    this.#counts.set(key, { to, what, count: (this.#counts.get(key)?.count ?? 0) + 1 });
  }

  /** As the sockets call it. */
  readonly datagram = (bytes: Uint8Array, ipv4: number, port: number): void => {
    this.note(formatEndpoint(ipv4, port), nameOf(bytes));
  };

  entries(): SentEntry[] {
    return [...this.#counts.values()];
  }
}

function nameOf(bytes: Uint8Array): string {
  const parts = parse(bytes, 0, bytes.length);
  if (typeof parts === 'number') return 'datagram';
  if (ipv6.isBubble(bytes, parts.packetAt)) return 'bubble';
  return routerSolicitation.isValid(bytes, parts.packetAt) ? 'router solicitation' : 'packet';
}
