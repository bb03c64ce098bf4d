/** Who is who in a capture, as far as it has told: clients and their mappings, servers, relays, names. */

import { isGlobalUnicast } from '../../wire/ipv4.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatEndpoint, formatIpv4, formatIpv6 } from '../../wire/text.ts';
import type { Endpoint } from '../datagram.ts';

export type Role = 'client' | 'server' | 'relay' | 'host' | 'unknown';

/** One end of a datagram. */
export interface Party {
  readonly role: Role;
  /** How a row names it: a given name, or what it is and where: "relay 83.170.1.38:32900". */
  readonly label: string;
  /** How a sentence names it: a given name, or "the relay". */
  readonly noun: string;
  readonly client?: Client;
  readonly endpoint: Endpoint;
}

/** What the capture tells of the NAT in front of a client. */
export type NatVerdict = 'none' | 'cone' | 'not symmetric' | 'symmetric';

/** A question that a client sent to a server address. */
export interface Solicitation {
  readonly at: number;
  readonly coneBit: 0 | 1;
  readonly nonce: string;
  readonly tries: number;
  answeredAt?: number;
}

/** One UDP port of a client: what it asked from there, and what the servers saw. Bounded by the servers it asks. */
export interface ClientPort {
  readonly endpoint: Endpoint;
  /** By the server address it went to. */
  readonly solicitations: Map<string, Solicitation>;
  /** By the server address that answered. */
  readonly mappings: Map<string, Endpoint>;
}

/** A connectivity test on its way (RFC 4380 §5.2.9). */
export interface Test {
  readonly at: number;
  readonly data: string;
  readonly tries: number;
  answered: boolean;
}

/** Between a client and one other endpoint: a relay, or another client. */
export interface Path {
  /** The inner source of a bubble that came from there through a server. */
  bubbleFrom?: string;
  /** The client has written there. */
  isOpen: boolean;
  /** Something came from there directly. */
  isHeard: boolean;
  /** Packets other than bubbles that the client sent there, and that came from there. */
  sent: number;
  received: number;
}

export interface Client {
  readonly id: number;
  name: string | undefined;
  readonly first: Endpoint;
  /** Its primary server, from an advertisement or from its address. */
  server?: number;
  mapped?: Endpoint;
  /** Its Teredo address, once a packet showed it. */
  address?: string;
  nat?: NatVerdict;
  readonly ports: Map<string, ClientPort>;
  /** By native IPv6 address. */
  readonly tests: Map<string, Test>;
  /** By the other end. */
  readonly paths: Map<string, Path>;
  /** Endpoints that carried its packets and were neither server nor client. */
  readonly relays: Set<string>;
  datagrams: number;
}

/** Our own bounds: a capture may hold a whole carrier's traffic. The oldest entry goes first. */
const CLIENTS_MAX = 10_000;
const ENTRIES_MAX = 1_000;

export class Parties {
  readonly clients: Client[] = []; // Bounded by CLIENTS_MAX.
  /** The wire of the sighting at hand. */
  link = '';
  readonly #names: ReadonlyMap<string, string>;
  readonly #byKey = new Map<string, Client>(); // Bounded by CLIENTS_MAX keys for each kind.
  readonly #servers = new Set<number>(); // Bounded by ENTRIES_MAX.

  /** `names`: labels by IPv4 address, IPv4 endpoint or IPv6 address as text. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
  }

  isServer(endpoint: Endpoint): boolean {
    return endpoint.port === 3544 && this.#servers.has(endpoint.ipv4);
  }

  addServer(ipv4: number): void {
    if (this.#servers.size < ENTRIES_MAX) this.#servers.add(ipv4);
  }

  nameOf(endpoint: Endpoint): string | undefined {
    return this.#names.get(formatEndpoint(endpoint.ipv4, endpoint.port)) ?? this.#names.get(formatIpv4(endpoint.ipv4));
  }

  nameOfIpv6(address: string): string | undefined {
    return this.#names.get(address);
  }

  clientAt(endpoint: Endpoint): Client | undefined {
    const text = formatEndpoint(endpoint.ipv4, endpoint.port);
    return this.#byKey.get(this.#onLink(endpoint, text)) ?? this.#byKey.get(text);
  }

  /** The client on this host, on whatever port: told by its private address. */
  clientOnHost(endpoint: Endpoint): Client | undefined {
    return this.#byKey.get(this.#hostKey(endpoint));
  }

  /** The client whose Teredo address stands at `at`: seen before, or of a mapped endpoint that is known. */
  clientOf(bytes: Uint8Array, at: number): Client | undefined {
    if (!teredo.isTeredo(bytes, at)) return undefined;
    const mapped = { ipv4: teredo.ipv4(bytes, at), port: teredo.port(bytes, at) };
    return this.#byKey.get(formatIpv6(bytes, at)) ?? this.clientAt(mapped);
  }

  /** The name of the client with this Teredo address. */
  clientName(address: string): string | undefined {
    return this.#byKey.get(address)?.name;
  }

  /** The client at this endpoint, or of this name, if one was met. */
  known(endpoint: Endpoint, given?: string): Client | undefined {
    return this.#named(given ?? this.nameOf(endpoint)) ?? this.clientAt(endpoint);
  }

  /** The client that sends from this endpoint; a new one if nobody is known there. */
  client(endpoint: Endpoint, given?: string): Client {
    const name = given ?? this.nameOf(endpoint);
    const text = formatEndpoint(endpoint.ipv4, endpoint.port);
    const here = this.#onLink(endpoint, text);
    const known = this.#named(name) ?? this.#byKey.get(here) ?? this.#byKey.get(this.#hostKey(endpoint));
    const client = known ?? this.#newClient(endpoint);
    if (name !== undefined && (given !== undefined || isOwn(client, endpoint))) {
      client.name ??= name;
      this.#remember(`name ${name}`, client);
    }
    for (const key of [here, text, this.#hostKey(endpoint)]) this.#remember(key, client);
    return client;
  }

  /** Notes that datagrams for this endpoint reach this client: its mapped endpoint, seen from outside. */
  addMapping(client: Client, mapped: Endpoint): void {
    this.#remember(formatEndpoint(mapped.ipv4, mapped.port), client);
  }

  addAddress(client: Client, address: string): void {
    client.address = address;
    this.#remember(address, client);
  }

  port(client: Client, endpoint: Endpoint): ClientPort {
    return entry(client.ports, formatEndpoint(endpoint.ipv4, endpoint.port), () => ({
      endpoint,
      solicitations: new Map(),
      mappings: new Map(),
    }));
  }

  /** The path between a client and what is at the other endpoint; another client's is one, by whichever endpoint. */
  path(client: Client, other: Endpoint): Path {
    const peer = this.clientAt(other);
    const key = peer === undefined ? formatEndpoint(other.ipv4, other.port) : `client ${peer.id}`;
    return entry(client.paths, key, () => ({ isOpen: false, isHeard: false, sent: 0, received: 0 }));
  }

  /** An end of a datagram, by its role; `given` is a name that the caller of the story knows. */
  party(role: Role, endpoint: Endpoint, client: Client | undefined, given: string | undefined): Party {
    const named = client === undefined || isOwn(client, endpoint) ? this.nameOf(endpoint) : undefined;
    const name = given ?? client?.name ?? named;
    const place = role === 'server' ? formatIpv4(endpoint.ipv4) : formatEndpoint(endpoint.ipv4, endpoint.port);
    const label = name ?? (role === 'unknown' ? place : `${role} ${place}`);
    const noun = name ?? (role === 'unknown' ? place : `the ${role}`);
    return client === undefined ? { role, label, noun, endpoint } : { role, label, noun, endpoint, client };
  }

  /** The same private address may stand on two wires for two hosts. */
  #onLink(endpoint: Endpoint, text: string): string {
    return isGlobalUnicast(endpoint.ipv4) ? text : `${text} on ${this.link}`;
  }

  /** A private address names one host of its network, whatever the port; a public one may stand for many clients. */
  #hostKey(endpoint: Endpoint): string {
    return isGlobalUnicast(endpoint.ipv4) ? '' : `host ${formatIpv4(endpoint.ipv4)} on ${this.link}`;
  }

  #named(name: string | undefined): Client | undefined {
    return name === undefined ? undefined : this.#byKey.get(`name ${name}`);
  }

  #newClient(endpoint: Endpoint): Client {
    const client: Client = {
      id: this.clients.length + 1,
      name: undefined,
      first: endpoint,
      ports: new Map(),
      tests: new Map(),
      paths: new Map(),
      relays: new Set(),
      datagrams: 0,
    };
    if (this.clients.length < CLIENTS_MAX) this.clients.push(client);
    return client;
  }

  #remember(key: string, client: Client): void {
    if (key !== '') put(this.#byKey, key, client, 4 * CLIENTS_MAX);
  }
}

/** Whether the endpoint is on the client's host: of its mapped address the name is its NAT's. */
function isOwn(client: Client, endpoint: Endpoint): boolean {
  return client.first.ipv4 === endpoint.ipv4;
}

/** Sets an entry; the oldest one makes room. */
export function put<V>(map: Map<string, V>, key: string, value: V, max = ENTRIES_MAX): void {
  if (!map.has(key) && map.size >= max) map.delete(map.keys().next().value!);
  map.set(key, value);
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  put(map, key, made);
  return made;
}
