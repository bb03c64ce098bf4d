/** A small island whose one client is asked over its control socket: what passes, by which way, and why. */
import { join } from 'node:path';
import type { Ended } from '../../src/lab/kernel/commands.ts';
import { Internet } from '../../src/lab/kernel/internet.ts';
import type { KernelNat } from '../../src/lab/kernel/kernel-nat.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { startServer } from './ours.ts';

export const SERVER = '192.0.2.1';
export const RELAY = '203.0.113.1';
export const NATIVE = '2001:db8:1::80';

export interface LookedAtClient {
  readonly host: Namespace;
  readonly socket: string;
  readonly process: Process;
  readonly address: string;
}

export class LookedAtIsland {
  readonly network: Network;
  readonly internet: Internet;
  readonly native: Namespace;

  private constructor(network: Network, internet: Internet, native: Namespace) {
    this.network = network;
    this.internet = internet;
    this.native = native;
  }

  /** A server, a relay, and an IPv6-only host behind it. */
  static async create(): Promise<LookedAtIsland> {
    const network = new Network();
    const internet = await Internet.create(network);
    const server = await internet.host('server', {
      ipv4: [SERVER, '192.0.2.2'],
      ipv6: ['2001:db8:5::1'],
      forwards: true,
    });
    await startServer(server, [SERVER, '192.0.2.2'], ['--no-control']);
    const relay = await internet.host('relay', {
      ipv4: [RELAY],
      ipv6: ['2001:db8:1::1'],
      announces: ['2001:db8:1::/48'],
      forwards: true,
    });
    const native = await internet.hostBehind('native', relay, NATIVE);
    await startTeredo(relay, ['relay', '--no-control']).printed(/leads into/);
    return new LookedAtIsland(network, internet, native);
  }

  /** A qualified client behind a NAT of its own. */
  async client(name: string, publicIpv4: string, nat: KernelNat = 'masquerade'): Promise<LookedAtClient> {
    const host = await this.internet.hostBehindNat(name, publicIpv4, nat);
    const socket = join(this.network.directory, 'teredo', `${name}.sock`);
    const process = startTeredo(host, ['client', SERVER, '--control-socket', socket]);
    const [, address] = await process.printed(/qualified, address (\S+) on/);
    return { host, socket, process, address: address! };
  }
}

/** Runs a command of ours that speaks to the client. */
export function ask({ host, socket }: LookedAtClient, ...argv: readonly string[]): Promise<Ended> {
  return host.runToEnd([process.execPath, PROGRAM, ...argv, '--socket', socket], 90_000);
}

/** Starts one that keeps running. */
export function begin({ host, socket }: LookedAtClient, ...argv: readonly string[]): Process {
  return host.start([process.execPath, PROGRAM, ...argv, '--socket', socket], `teredo ${argv[0]}`);
}
