/**
 * The island of the interop tests and of the benchmark: an internet with Teredo servers and relays, IPv6-only hosts behind the relays, and
 * clients behind NATs. Daemons start when a test first asks for them and live as long as the island.
 */

import { Internet } from '../../src/lab/kernel/internet.ts';
import type { KernelNat } from '../../src/lab/kernel/kernel-nat.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import type { Implementation, RunningClient, ServerAddresses } from './implementation.ts';

export class Island {
  readonly network: Network;
  readonly internet: Internet;
  readonly #parts = new Map<string, Promise<unknown>>();
  #clients = 0;
  #relays = 0;

  private constructor(network: Network, internet: Internet) {
    this.network = network;
    this.internet = internet;
  }

  static async create(options: { readonly wholeChecksums?: boolean } = {}): Promise<Island> {
    const network = new Network(options);
    return new Island(network, await Internet.create(network));
  }

  /** The addresses of the one server of this implementation. */
  async server(by: Implementation): Promise<ServerAddresses> {
    return (await this.serverHost(by)).addresses;
  }

  /** The one server of this implementation; the first call may start it with options of its own. */
  serverHost(by: Implementation, options: readonly string[] = []): Promise<RunningServer> {
    return this.#once(`server-${by.name}`, async (name) => {
      const addresses: ServerAddresses =
        by.name === 'ours' ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.101', '192.0.2.102'];
      const ipv6 = by.name === 'ours' ? '2001:db8:5::1' : '2001:db8:5::2';
      const host = await this.internet.host(name, { ipv4: addresses, ipv6: [ipv6], forwards: true });
      return { host, addresses, process: await by.server(host, addresses, options) };
    });
  }

  /** An IPv6-only host whose way to Teredo clients leads through the one relay of this implementation. */
  nativeHost(by: Implementation): Promise<HostBehindRelay> {
    return this.#once(`relay-${by.name}`, async (name) => {
      const number = ++this.#relays;
      const site = `2001:db8:${number}`;
      const relay = await this.internet.host(name, {
        ipv4: [`203.0.113.${number}`],
        ipv6: [`${site}::1`],
        announces: [`${site}::/48`],
        forwards: true,
      });
      const address = `${site}::80`;
      const host = await this.internet.hostBehind(`native-${by.name}`, relay, address);
      return { host, address, gateway: relay, relay: await by.relay(relay) };
    });
  }

  /** A host with public IPv4 and IPv6 addresses and the host-specific relay of this implementation. */
  dualStackHost(by: Implementation): Promise<NativeHost> {
    return this.#once(`dual-stack-${by.name}`, async (name) => {
      const number = ++this.#relays;
      const address = `2001:db8:${number}::80`;
      const host = await this.internet.host(name, { ipv4: [`203.0.113.${number}`], ipv6: [address] });
      await by.hostRelay(host);
      return { host, address };
    });
  }

  /** A client of the given server behind a NAT of its own; `ordinal` tells clients of one kind apart. */
  client(
    by: Implementation,
    of: Implementation,
    ordinal: number,
    nat: KernelNat = 'masquerade',
  ): Promise<RunningClient> {
    return this.#once(`${by.name}-at-${of.name}-${ordinal}`, async (name) => {
      const server = await this.server(of);
      const host = await this.internet.hostBehindNat(name, `198.51.100.${++this.#clients}`, nat);
      return by.client(host, server);
    });
  }

  close(): Promise<void> {
    return this.network.close();
  }

  #once<T>(name: string, make: (name: string) => Promise<T>): Promise<T> {
    let part = this.#parts.get(name) as Promise<T> | undefined;
    if (part === undefined) {
      part = make(name);
      this.#parts.set(name, part);
    }
    return part;
  }
}

export interface RunningServer {
  readonly host: Namespace;
  readonly addresses: ServerAddresses;
  readonly process: Process;
}

export interface NativeHost {
  readonly host: Namespace;
  /** Its IPv6 address in text. */
  readonly address: string;
}

export interface HostBehindRelay extends NativeHost {
  /** The router in front of it, where the relay runs. */
  readonly gateway: Namespace;
  readonly relay: Process;
}
