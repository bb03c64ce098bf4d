import { type ClientConfig, clientDefaults } from '../roles/client/client.ts';
import { allExtensions, noExtensions } from '../roles/client/extensions/extensions.ts';
import { RELAY_PORT } from '../roles/constants.ts';
import { type RelayConfig, relayDefaults } from '../roles/relay/relay.ts';
import { type ServerConfig, serverDefaults } from '../roles/server/server.ts';
import { formatIpv4, parseIpv4, parseIpv6 } from '../wire/text.ts';
import { ClientHost } from './client-host.ts';
import type { Context } from './context.ts';
import { EventQueue } from './event-queue.ts';
import { Host } from './host.ts';
import { Ipv4Network } from './ipv4-network.ts';
import { Ipv6Network } from './ipv6-network.ts';
import { Link, type LinkOptions } from './link.ts';
import { type Lookup, lookUp, NameServer } from './name-server.ts';
import { Nat } from './nat.ts';
import type { NatKind } from './nat-kinds.ts';
import { SeededRandom, seedFor } from './random.ts';
import { RelayHost } from './relay-host.ts';
import { ServerHost } from './server-host.ts';
import { conversation } from './summary.ts';
import { Trace } from './trace.ts';
import { makeScratch } from './tunnel.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Off: nothing is recorded, for worlds of thousands of hosts. */
  readonly trace?: boolean;
}

/** What most nodes may be given; addresses are text, as people write them. */
export interface NodeOptions {
  readonly name?: string;
  /** Where in the IPv4 world: a NAT of this world, a kind of NAT to be built for it, or the Internet itself. */
  readonly behind?: Nat | NatKind;
  readonly link?: LinkOptions;
}

export interface ClientOptions extends NodeOptions {
  readonly server: ServerHost;
  /** What it may use instead, best first. */
  readonly otherServers?: readonly ServerHost[];
  /** Needed without a NAT; behind one, the LAN has an address to give. */
  readonly ipv4?: string;
  /** Drawn if not given (RFC 4380 §5.2). */
  readonly servicePort?: number;
  /** ms from now until its first solicitation; 0 unless told. `never`: it waits for `start`. */
  readonly startAfterMs?: number | 'never';
  /** All extensions of RFC 6081; none unless told, nor what `config` says. */
  readonly extensions?: boolean;
  readonly config?: Partial<ClientConfig>;
}

export interface ServerOptions {
  readonly name?: string;
  readonly ipv4: readonly [string, string];
  readonly link?: LinkOptions;
  readonly config?: Partial<ServerConfig>;
}

export interface RelayOptions extends NodeOptions {
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly port?: number;
  /** The metric it announces 2001::/32 with; 10 unless told. */
  readonly metric?: number;
  readonly config?: Partial<RelayConfig>;
}

export interface Ipv6HostOptions {
  readonly name?: string;
  readonly ipv6?: string;
  readonly link?: LinkOptions;
  /** The relay that is nearest to this host as long as it announces. */
  readonly behind?: RelayHost;
  /** Distances to relays by name, where they differ from the announced metric. */
  readonly distanceTo?: Iterable<readonly [string, number]>;
}

/** How long `runUntil` waits unless told: no wait of RFC 4380 is longer (5.2.6: 300 s). */
const PATIENCE_MS = 600_000;
const RELAY_METRIC = 10;
/** What a client does in the background is asked for by those who want to see it. */
const quietly = { identifyNat: false, localDiscovery: false };
/** Thousands of roles share one memory here; each allocates its list of peers at once. */
const CLIENT_PEERS_MAX = 64;
const RELAY_PEERS_MAX = 1 << 15;

/**
 * A simulated internet: IPv4 with NATs, IPv6 with relays, and the real roles on its hosts, in virtual time.
 *
 * Units:  ms of virtual time; the world begins at 0.
 * Shape:  everything follows from the seed: two worlds built and run alike have the same trace, octet for octet.
 * Errors: thrown for worlds that cannot be (an address twice, a wait that does not end), never for a packet.
 */
export class World {
  readonly seed: number;
  readonly trace: Trace;
  readonly ipv4: Ipv4Network;
  readonly ipv6: Ipv6Network;
  readonly #context: Context & { now: number };
  readonly #events = new EventQueue();
  readonly #scratch = makeScratch();
  readonly #names = new Set<string>();
  /** The last number given to nodes without a name of their own. */
  readonly #numbers = new Map<string, number>();
  #ipv6Hosts = 0;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.trace = new Trace(options.trace ?? true);
    const events = this.#events;
    let flights = 0;
    const context: Context & { now: number } = {
      now: 0,
      random: new SeededRandom(seedFor(options.seed, 'links')),
      trace: this.trace,
      cause: undefined,
      after: (delayMs, action) => events.add(context.now + delayMs, action),
      at: (instant, action) => events.add(Math.max(instant, context.now), action),
      nextFlight: () => ++flights,
    };
    this.#context = context;
    this.ipv4 = new Ipv4Network('IPv4 Internet', context);
    this.ipv6 = new Ipv6Network(context);
  }

  /** Virtual time in ms. */
  get now(): number {
    return this.#context.now;
  }

  // ---- Time ------------------------------------------------------------------------------------------------

  /** Calls `action` after this many ms of virtual time: for the steps of a scenario. */
  after(delayMs: number, action: () => void): void {
    this.#context.after(delayMs, action);
  }

  /** Runs this many ms of virtual time and answers with the conversation: one line for each datagram sent in it. */
  runFor(durationMs: number): string[] {
    const first = this.trace.records.length;
    this.runTo(this.now + durationMs);
    return conversation(this.trace.records.slice(first));
  }

  /** Runs to an instant and tells nothing: for worlds that somebody looks at while they run. */
  runTo(instant: number): void {
    while (this.#events.nextAt <= instant) this.#step();
    this.#context.now = Math.max(this.#context.now, instant);
  }

  /**
   * Runs until `isReached`, asked after every event.
   *
   * Errors: throws, with the seed, when that takes longer than `patienceMs` of virtual time or nothing is left to happen.
   */
  runUntil(isReached: () => boolean, patienceMs = PATIENCE_MS): void {
    const end = this.now + patienceMs;
    while (!isReached()) {
      if (this.#events.nextAt > end) {
        throw new Error(`seed ${this.seed}: not reached in ${patienceMs} ms of virtual time, now ${this.now}`);
      }
      this.#step();
    }
  }

  #step(): void {
    this.#context.now = Math.max(this.#context.now, this.#events.nextAt);
    this.#context.cause = undefined;
    this.#events.take()?.();
  }

  // ---- Nodes -----------------------------------------------------------------------------------------------

  addNat(kind: NatKind, options: NodeOptions = {}): Nat {
    const name = this.#name(options.name, 'nat');
    const outside = this.#networkBehind(options.behind, name);
    const external = kind.ipv4.length > 0 ? kind.ipv4.map(ipv4Of) : [outside.freeAddress()];
    if (kind.ipv4.length === 0 && outside === this.ipv4) throw new Error(`${name} needs an IPv4 address`);
    // 192.168.1.0/24 behind every NAT of the Internet, as in most homes; .2 behind a NAT behind a NAT, and so on.
    const innermost = outside.subnet === undefined ? 1 : ((outside.subnet.ipv4 >>> 8) & 0xff) + 1;
    const subnet = { ipv4: ipv4Of(kind.inside ?? `192.168.${innermost}.0`), prefixLength: 24 };
    const inside = new Ipv4Network(`LAN of ${name}`, this.#context, subnet);
    const random = this.#random(name);
    const lanLink = new Link({ delayMs: 0 });
    return new Nat(name, kind, this.#context, outside, inside, external, new Link(options.link), lanLink, random);
  }

  /** A machine with nothing on it: IPv4, IPv6, or both. */
  addHost(options: NodeOptions & { readonly ipv4?: string; readonly ipv6?: string } = {}): Host {
    const host = this.#host(options.name, 'host');
    if (options.ipv4 !== undefined || options.behind !== undefined) this.#attachIpv4(host, options, options.ipv4);
    if (options.ipv6 !== undefined) host.attachIpv6(this.ipv6, [ipv6Of(options.ipv6)], linkOf(options));
    return host;
  }

  addServer(options: ServerOptions): ServerHost {
    const host = this.#host(options.name, 'server');
    const [ipv4, ipv4Secondary] = options.ipv4.map(ipv4Of) as [number, number];
    host.attachIpv4(this.ipv4, [ipv4, ipv4Secondary], options.link);
    host.attachIpv6(this.ipv6, [this.#nextIpv6()], linkOf(options));
    const config = { ...serverDefaults, ...options.config, ipv4, ipv4Secondary };
    return new ServerHost(host, config, this.#context, this.#scratch);
  }

  /** A Teredo client that starts by itself. */
  addClient(options: ClientOptions): ClientHost {
    const host = this.#host(options.name, 'client');
    this.#attachIpv4(host, options, options.ipv4);
    const servers = [options.server, ...(options.otherServers ?? [])].map(({ ipv4, ipv4Secondary }, preference) => {
      return { ipv4, ipv4Secondary, preference };
    });
    const extensions = options.extensions === true ? allExtensions : noExtensions;
    const usual = { ...clientDefaults, ...quietly, extensions, peersMax: CLIENT_PEERS_MAX };
    const config = { ...usual, servers, ...options.config };
    const client = new ClientHost(host, config, options.servicePort, this.#context, this.#scratch);
    const { startAfterMs = 0 } = options;
    if (startAfterMs !== 'never') this.after(startAfterMs, () => client.start(this.now));
    return client;
  }

  addRelay(options: RelayOptions): RelayHost {
    const host = this.#host(options.name, 'relay');
    return this.#relayOn(host, options, options.ipv6 === undefined ? this.#nextIpv6() : ipv6Of(options.ipv6), false);
  }

  /** A dual-stack machine with a relay for itself alone (RFC 4380 §5.4, host-specific relay). */
  addHostSpecificRelay(options: RelayOptions): RelayHost {
    const host = this.#host(options.name, 'dual-stack host');
    return this.#relayOn(host, options, options.ipv6 === undefined ? this.#nextIpv6() : ipv6Of(options.ipv6), true);
  }

  addIpv6Host(options: Ipv6HostOptions = {}): Host {
    const host = this.#host(options.name, 'native');
    const address = options.ipv6 === undefined ? this.#nextIpv6() : ipv6Of(options.ipv6);
    const distanceTo = new Map(options.distanceTo);
    if (options.behind !== undefined) distanceTo.set(options.behind.name, 0);
    host.attachIpv6(this.ipv6, [address], { ...linkOf(options), distanceTo });
    return host;
  }

  /** A name server on the IPv4 Internet; `names` maps a name to its IPv4 and IPv6 addresses. */
  addNameServer(options: {
    readonly name?: string;
    readonly ipv4: string;
    readonly link?: LinkOptions;
    readonly names?: Readonly<Record<string, readonly string[]>>;
  }): NameServer {
    const host = this.#host(options.name, 'name server');
    host.attachIpv4(this.ipv4, [ipv4Of(options.ipv4)], options.link);
    const nameServer = new NameServer(host);
    for (const [name, addresses] of Object.entries(options.names ?? {})) {
      for (const address of addresses) nameServer.add(name, octetsOf(address));
    }
    return nameServer;
  }

  /** Asks for the AAAA addresses of a name, from a host with IPv4. */
  lookUp(host: Host, nameServer: NameServer, name: string): Lookup {
    return lookUp(host, nameServer.host.ipv4Addresses[0]!, name, this.#context.after);
  }

  // ---- Below: how the parts above are put together ---------------------------------------------------------

  #relayOn(host: Host, options: RelayOptions, address: Uint8Array, isHostSpecific: boolean): RelayHost {
    this.#attachIpv4(host, options, options.ipv4);
    host.attachIpv6(this.ipv6, [address], linkOf(options));
    const isBehindNat = options.behind !== undefined;
    const config: RelayConfig = {
      ...relayDefaults,
      peersMax: RELAY_PEERS_MAX,
      behindNat: isBehindNat,
      ...options.config,
    };
    const { port = RELAY_PORT, metric = RELAY_METRIC } = options;
    return new RelayHost(host, config, port, isHostSpecific ? undefined : metric, this.#context, this.#scratch);
  }

  #host(given: string | undefined, fallback: string): Host {
    const name = this.#name(given, fallback);
    return new Host(name, this.#context, this.#random(name));
  }

  #attachIpv4(host: Host, options: NodeOptions, ipv4: string | undefined): void {
    const network = this.#networkBehind(options.behind, host.name);
    if (ipv4 === undefined && network === this.ipv4) throw new Error(`${host.name} needs an IPv4 address or a NAT`);
    host.attachIpv4(network, [ipv4 === undefined ? network.freeAddress() : ipv4Of(ipv4)], options.link);
  }

  #networkBehind(behind: Nat | NatKind | undefined, name: string): Ipv4Network {
    if (behind === undefined) return this.ipv4;
    return (behind instanceof Nat ? behind : this.addNat(behind, { name: `${name}'s NAT` })).inside;
  }

  #name(given: string | undefined, fallback: string): string {
    if (given !== undefined && this.#names.has(given)) throw new Error(`two nodes are called ${given}`);
    let name = given ?? fallback;
    while (this.#names.has(name)) {
      const number = (this.#numbers.get(fallback) ?? 1) + 1;
      this.#numbers.set(fallback, number);
      name = `${fallback} ${number}`;
    }
    this.#names.add(name);
    return name;
  }

  #random(name: string): SeededRandom {
    return new SeededRandom(seedFor(this.seed, name));
  }

  /** 2001:db8:1::1, 2001:db8:2::1, ... */
  #nextIpv6(): Uint8Array {
    this.#ipv6Hosts++;
    const group = (value: number) => value.toString(16);
    return ipv6Of(`2001:db8:${group(this.#ipv6Hosts & 0xffff)}:${group(this.#ipv6Hosts >>> 16)}::1`);
  }
}

function linkOf(options: { readonly link?: LinkOptions }): { link?: LinkOptions } {
  return options.link === undefined ? {} : { link: options.link };
}

function ipv4Of(text: string): number {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) throw new Error(`not an IPv4 address: ${text}`);
  return ipv4;
}

function ipv6Of(text: string): Uint8Array {
  const address = parseIpv6(text);
  if (address === undefined) throw new Error(`not an IPv6 address: ${text}`);
  return address;
}

/** 4 or 16 octets of an address of either family. */
function octetsOf(text: string): Uint8Array {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) return ipv6Of(text);
  return Uint8Array.from(formatIpv4(ipv4).split('.'), Number);
}
