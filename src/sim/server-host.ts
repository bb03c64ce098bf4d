import { SERVER_PORT } from '../roles/constants.ts';
import { Server, type ServerConfig } from '../roles/server/server.ts';
import type { Context } from './context.ts';
import { hmacSha1 } from './hmac.ts';
import type { Host } from './host.ts';
import { SeededRandom } from './random.ts';
import { type Scratch, Tunnel } from './tunnel.ts';

/** A Teredo server: two IPv4 addresses, and a way to the IPv6 Internet for the echo requests of its clients. */
export class ServerHost {
  readonly host: Host;
  readonly server: Server;
  readonly tunnel: Tunnel;
  readonly ipv4: number;
  readonly ipv4Secondary: number;

  constructor(host: Host, config: ServerConfig, context: Context, scratch: Scratch) {
    this.host = host;
    this.ipv4 = config.ipv4;
    this.ipv4Secondary = config.ipv4Secondary;
    this.server = new Server(config, new SeededRandom(host.random.uint32()), hmacSha1);
    const sockets = [config.ipv4, config.ipv4Secondary].map((ipv4) => ({ ipv4, port: SERVER_PORT, isOpen: true }));
    this.tunnel = new Tunnel(host, this.server, context, scratch, sockets, { route: 'none', forwards: true });
  }

  get name(): string {
    return this.host.name;
  }
}
