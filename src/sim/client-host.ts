import { Client, type ClientConfig } from '../roles/client/client.ts';
import { DISCOVERY_IPV4, SERVER_PORT, VIA_RANDOM_MAX, VIA_SERVICE } from '../roles/constants.ts';
import type { NatType } from '../roles/role.ts';
import type { Context } from './context.ts';
import { hmacSha1 } from './hmac.ts';
import type { Host } from './host.ts';
import { SeededRandom } from './random.ts';
import { type Scratch, Tunnel } from './tunnel.ts';

/** An IPv4-only machine with a Teredo client. */
export class ClientHost {
  readonly host: Host;
  readonly client: Client;
  readonly tunnel: Tunnel;

  constructor(host: Host, config: ClientConfig, servicePort: number | undefined, context: Context, scratch: Scratch) {
    this.host = host;
    const client = new Client(config, new SeededRandom(host.random.uint32()), hmacSha1);
    this.client = client;
    const service = { port: servicePort, isOpen: true };
    const secondary = { isOpen: false };
    const discovery = { port: SERVER_PORT, group: DISCOVERY_IPV4, isOpen: false };
    // Random ports: the role says which when it opens one (RFC 6081 §5.4).
    const random = Array.from({ length: VIA_RANDOM_MAX }, () => ({ isOpen: false }));
    this.tunnel = new Tunnel(host, client, context, scratch, [service, secondary, discovery, ...random], {
      route: 'default',
      forwards: false,
      onEvent: (event) => {
        if (event.type === 'port-mapping') this.#mapPort(event.localPort, event.wanted);
      },
      onRefused: (via) => client.refuseSocket(via, context.now),
    });
    const prefixLength = host.ipv4Network?.subnet?.prefixLength ?? 32;
    client.setLocalNetworks(host.ipv4Addresses.map((ipv4) => ({ ipv4, prefixLength })));
    client.setLocalPort(this.servicePort);
  }

  get name(): string {
    return this.host.name;
  }

  get servicePort(): number {
    return this.tunnel.portOf(VIA_SERVICE) ?? 0;
  }

  get isQualified(): boolean {
    return this.client.state === 'qualified';
  }

  get nat(): NatType {
    return this.client.nat;
  }

  /** 16 octets; throws before the client is qualified, because a scenario that asks then is wrong. */
  get address(): Uint8Array {
    const { address } = this.client;
    if (address === undefined) throw new Error(`${this.name} has no Teredo address yet`);
    return address;
  }

  start(now: number): void {
    this.client.start(now);
    this.tunnel.turn();
  }

  stop(now: number): void {
    this.client.stop(now);
    this.tunnel.turn();
  }

  ping: Host['ping'] = (target, options) => this.host.ping(target, options);

  /** Asks the NAT, which answers at once; real ones take longer. */
  #mapPort(port: number, wanted: boolean): void {
    const mapper = this.host.ipv4Network?.portMapper;
    const inside = { ipv4: this.host.ipv4Addresses[0] ?? 0, port };
    if (!wanted) mapper?.release(inside);
    this.client.setPortMapping(wanted ? mapper?.reserve(inside) : undefined);
  }
}
