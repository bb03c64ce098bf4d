import * as dns from './dns.ts';
import type { Host } from './host.ts';

interface Names {
  readonly a: Uint8Array[];
  readonly aaaa: Uint8Array[];
}

/** A name server on port 53 of a host: a table of names, bounded by what the scenario declares. */
export class NameServer {
  readonly host: Host;
  readonly #names = new Map<string, Names>();

  constructor(host: Host) {
    this.host = host;
    const socket = host.openSocket({ port: dns.PORT }, (datagram) => {
      const question = dns.parse(datagram.payload);
      if (question === undefined || question.isResponse) return;
      const names = this.#names.get(question.name);
      const addresses = question.type === dns.TYPE_AAAA ? names?.aaaa : names?.a;
      socket.send(datagram.source, datagram.sourcePort, dns.response(question, names !== undefined, addresses ?? []));
    });
  }

  /** Adds an address, of 4 or 16 octets, to a name. */
  add(name: string, address: Uint8Array): void {
    const names = this.#names.get(name) ?? { a: [], aaaa: [] };
    this.#names.set(name, names);
    (address.length === 16 ? names.aaaa : names.a).push(address);
  }
}

/** A question on its way: it is repeated like every resolver does, and ends with an answer or without. */
export class Lookup {
  readonly name: string;
  readonly type: number;
  /** Undefined: no answer yet. Empty: the name has no such address. */
  addresses: readonly Uint8Array[] | undefined;

  constructor(name: string, type: number) {
    this.name = name;
    this.type = type;
  }
}

const RETRY_MS = 2_000;
const TRIES = 4;

/** Asks a name server over UDP from a port of its own (RFC 5452 §9.2). */
export function lookUp(
  host: Host,
  serverIpv4: number,
  name: string,
  after: (ms: number, action: () => void) => void,
  type: number = dns.TYPE_AAAA,
): Lookup {
  const lookup = new Lookup(name, type);
  const id = host.random.between(0, 0xffff);
  const socket = host.openSocket({}, (datagram) => {
    const answer = dns.parse(datagram.payload);
    if (answer === undefined || !answer.isResponse || answer.id !== id || answer.name !== name) return;
    if (lookup.addresses === undefined) socket.close();
    lookup.addresses = answer.addresses;
  });
  let tries = 0;
  const ask = () => {
    if (lookup.addresses !== undefined) return;
    if (tries++ === TRIES) {
      socket.close();
      return;
    }
    socket.send(serverIpv4, dns.PORT, dns.query(id, name, type));
    after(RETRY_MS, ask);
  };
  after(0, ask);
  return lookup;
}
