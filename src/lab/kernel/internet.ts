/**
 * A small internet in namespaces: one router that all public hosts hang on, IPv4 from the documentation networks
 * (RFC 5737) and IPv6 from 2001:db8::/32 (RFC 3849).
 */
import { type KernelNat, kernelNatRules } from './kernel-nat.ts';
import { Lan, type NatSpec, type Uplink } from './lan.ts';
import type { Namespace, Network } from './namespaces.ts';

/** The router's IPv4 address, the same on every cable. */
const GATEWAY = '203.0.113.254';
const LAN_ROUTER = '192.168.1.1';
const LAN_HOST = '192.168.1.2';

export interface HostOptions {
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
  /** Prefixes that the internet sends to this host, such as 2001::/32 to a relay. */
  readonly announces?: readonly string[];
  /** Whether the host forwards IPv6 packets, as servers and relays do. */
  readonly forwards?: boolean;
}

export class Internet implements Uplink {
  readonly depth = 0;
  readonly gateway = GATEWAY;
  /** Every host knows no network but the router. */
  readonly onLink = `${GATEWAY}/32`;
  readonly network: Network;
  readonly router: Namespace;
  #cables = 0;

  private constructor(network: Network, router: Namespace) {
    this.network = network;
    this.router = router;
  }

  static async create(network: Network): Promise<Internet> {
    const router = await network.add('internet');
    await router.sysctl({ 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 });
    return new Internet(network, router);
  }

  /** Adds a host with public addresses on interface `wan`; it knows no network but the router. */
  async host(name: string, options: HostOptions): Promise<Namespace> {
    const host = await this.network.add(name);
    const port = `port${this.#cables++}`;
    await this.network.cable(host, 'wan', this.router, port);
    if (options.ipv4 !== undefined) {
      await host.ip(
        ...options.ipv4.map((address) => `address add ${address}/32 dev wan`),
        `route add ${GATEWAY} dev wan`,
        `route add default via ${GATEWAY} dev wan`,
      );
      await this.router.ip(
        `address add ${GATEWAY}/32 dev ${port}`,
        ...options.ipv4.map((address) => `route add ${address}/32 dev ${port}`),
      );
    }
    if (options.ipv6 !== undefined) {
      await host.ip(
        'address add fe80::2/64 dev wan nodad',
        ...options.ipv6.map((address) => `address add ${address}/128 dev wan nodad`),
        'route add ::/0 via fe80::1 dev wan',
      );
      await this.router.ip(
        `address add fe80::1/64 dev ${port} nodad`,
        ...options.ipv6.map((address) => `route add ${address}/128 via fe80::2 dev ${port}`),
        ...(options.announces ?? []).map((prefix) => `route add ${prefix} via fe80::2 dev ${port}`),
      );
    }
    if (options.forwards === true) await host.sysctl({ 'net.ipv6.conf.all.forwarding': 1 });
    return host;
  }

  /** See `Uplink`. */
  async plug(host: Namespace, interfaceName: string, ipv4: readonly string[]): Promise<void> {
    const port = `port${this.#cables++}`;
    await this.network.cable(host, interfaceName, this.router, port);
    await this.router.ip(
      `address add ${GATEWAY}/32 dev ${port}`,
      ...ipv4.map((address) => `route add ${address}/32 dev ${port}`),
    );
  }

  /** Adds a NAT with these public addresses and gives the LAN behind it, empty yet. */
  nat(name: string, spec: NatSpec, ipv4: readonly string[]): Promise<Lan> {
    return Lan.behind(this, name, spec, ipv4);
  }

  /** Adds a NAT with the public address and, behind it, one host with a private address on interface `lan`. */
  async hostBehindNat(name: string, publicIpv4: string, kind: KernelNat): Promise<Namespace> {
    const nat = await this.host(`${name}-nat`, { ipv4: [publicIpv4] });
    await nat.sysctl({ 'net.ipv4.ip_forward': 1 });
    const host = await this.network.add(name);
    await this.network.cable(host, 'lan', nat, 'lan');
    await nat.ip(`address add ${LAN_ROUTER}/24 dev lan`);
    await host.ip(`address add ${LAN_HOST}/24 dev lan`, `route add default via ${LAN_ROUTER} dev lan`);
    await nat.nft(kernelNatRules(kind, publicIpv4, LAN_HOST));
    return host;
  }

  /** Adds an IPv6-only host whose way to the whole world, 2001::/32 included, leads through `gateway`. */
  async hostBehind(name: string, gateway: Namespace, ipv6: string): Promise<Namespace> {
    const host = await this.network.add(name);
    const port = `port${this.#cables++}`;
    await this.network.cable(host, 'lan', gateway, port);
    await host.ip(
      'address add fe80::2/64 dev lan nodad',
      `address add ${ipv6}/128 dev lan nodad`,
      'route add ::/0 via fe80::1 dev lan',
    );
    await gateway.ip(`address add fe80::1/64 dev ${port} nodad`, `route add ${ipv6}/128 via fe80::2 dev ${port}`);
    return host;
  }
}
