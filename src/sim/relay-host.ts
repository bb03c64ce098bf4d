import { Relay, type RelayConfig } from '../roles/relay/relay.ts';
import type { Context } from './context.ts';
import type { Host } from './host.ts';
import { SeededRandom } from './random.ts';
import { type Scratch, Tunnel } from './tunnel.ts';

/**
 * A Teredo relay: a router between the IPv6 Internet and Teredo clients, or, host-specific, between clients and its
 * own host alone, which announces nothing (RFC 4380 §5.4).
 */
export class RelayHost {
  readonly host: Host;
  readonly relay: Relay;
  readonly tunnel: Tunnel;
  readonly isHostSpecific: boolean;
  readonly #metric: number;

  /** `metric`: what it announces 2001::/32 with; undefined: a host-specific relay. */
  constructor(
    host: Host,
    config: RelayConfig,
    port: number,
    metric: number | undefined,
    context: Context,
    scratch: Scratch,
  ) {
    this.host = host;
    this.isHostSpecific = metric === undefined;
    this.#metric = metric ?? 0;
    this.relay = new Relay(config, new SeededRandom(host.random.uint32()));
    const prefixLength = host.ipv4Network?.subnet?.prefixLength ?? 32;
    this.relay.setLocalNetworks(host.ipv4Addresses.map((ipv4) => ({ ipv4, prefixLength })));
    this.relay.setErrorSource(host.ipv6Addresses[0]);
    if (this.isHostSpecific) this.relay.setOwnAddresses(host.ipv6Addresses);
    const forwards = !this.isHostSpecific;
    this.tunnel = new Tunnel(host, this.relay, context, scratch, [{ port, isOpen: true }], {
      route: 'teredo',
      forwards,
    });
    this.announce();
  }

  get name(): string {
    return this.host.name;
  }

  announce(metric = this.#metric): void {
    if (!this.isHostSpecific) this.host.announceTeredo(metric);
  }

  withdraw(): void {
    this.host.withdrawTeredo();
  }

  ping: Host['ping'] = (target, options) => this.host.ping(target, options);
}
