import type { NatOptions } from '../../sim/nat-kinds.ts';
import type { NatName } from '../nats.ts';
import { type KernelNat, kernelNatRules } from './kernel-nat.ts';
import type { Namespace, Network } from './namespaces.ts';
import { startNatNode } from './nat-namespace.ts';
import type { Process } from './process.ts';

/** A NAT of the kernel, or a NAT node of the lab. */
export type NatSpec = KernelNat | NatNodeSpec;

export interface NatNodeSpec {
  readonly kind: NatName;
  readonly options?: NatOptions;
}

/** A network that has room for one more cable: the Internet, or the LAN behind a NAT. */
export interface Uplink {
  readonly network: Network;
  /** NATs between it and the Internet. */
  readonly depth: number;
  readonly gateway: string;
  /** What is reached without the gateway. */
  readonly onLink: string;
  /** Lays a cable to an interface of `host`, behind which the addresses are from now on. */
  plug(host: Namespace, interfaceName: string, ipv4: readonly string[]): Promise<void>;
}

/** The LAN behind a NAT: a bridge in the namespace of the NAT, with the NAT as the gateway. */
export class Lan implements Uplink {
  readonly network: Network;
  readonly nat: Namespace;
  /** The NAT node; undefined: the kernel does it. */
  readonly node: Process | undefined;
  readonly gateway: string;
  readonly onLink: string;
  readonly depth: number;
  #cables = 0;

  private constructor(nat: Namespace, node: Process | undefined, depth: number) {
    this.network = nat.network;
    this.nat = nat;
    this.node = node;
    this.depth = depth;
    this.gateway = `192.168.${depth}.1`;
    this.onLink = `192.168.${depth}.0/24`;
  }

  /** Adds a NAT with these outer addresses. */
  static async behind(uplink: Uplink, name: string, spec: NatSpec, ipv4: readonly string[]): Promise<Lan> {
    const depth = uplink.depth + 1;
    const nat = await uplink.network.add(name);
    await uplink.plug(nat, 'wan', ipv4);
    await nat.sysctl({ 'net.ipv4.ip_forward': 1 });
    await nat.ip(
      'link add name lan type bridge mcast_snooping 0',
      'link set lan addrgenmode none up',
      `address add 192.168.${depth}.1/24 dev lan`,
    );
    if (typeof spec !== 'string') return new Lan(nat, await startNatNode(uplink, nat, spec, ipv4), depth);
    await nat.ip(
      ...ipv4.map((address) => `address add ${address}/32 dev wan`),
      `route add ${uplink.onLink} dev wan`,
      `route add default via ${uplink.gateway} dev wan`,
    );
    await nat.nft(kernelNatRules(spec, ipv4[0]!, `192.168.${depth}.2`));
    return new Lan(nat, undefined, depth);
  }

  /** The address that the next one gets whom a cable is laid to. */
  get #freeAddress(): string {
    return `192.168.${this.depth}.${this.#cables + 2}`;
  }

  /** Adds a host with a private address on interface `lan`. */
  async host(name: string): Promise<Namespace> {
    const host = await this.network.add(name);
    const address = this.#freeAddress;
    await this.plug(host, 'lan');
    await host.ip(`address add ${address}/24 dev lan`, `route add default via ${this.gateway} dev lan`);
    return host;
  }

  /** Adds a NAT behind this one: its outer address is a private one of this LAN. */
  async nestedNat(name: string, spec: NatSpec): Promise<Lan> {
    return Lan.behind(this, name, spec, [this.#freeAddress]);
  }

  /** See `Uplink`; the addresses are found by ARP. */
  async plug(host: Namespace, interfaceName: string): Promise<void> {
    const port = `lan${this.#cables++}`;
    await this.network.cable(host, interfaceName, this.nat, port);
    await this.nat.ip(`link set ${port} master lan`);
  }
}
