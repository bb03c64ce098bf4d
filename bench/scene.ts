/** The network of all measures: both implementations on one island, and a way without any tunnel. */

import type { Namespace } from '../src/lab/kernel/namespaces.ts';
import { ping } from '../src/lab/kernel/ping.ts';
import type { Implementation, RunningClient } from '../test/support/implementation.ts';
import { type HostBehindRelay, Island, type RunningServer } from '../test/support/island.ts';
import { miredo } from '../test/support/miredo.ts';
import { ours } from '../test/support/ours.ts';
import { Sender } from './load/sender.ts';

/** Our server's limit for one IPv4 address must not be what is measured. */
const WITHOUT_LIMIT = ['--advertisements-per-second', '10000000'];
const KERNEL_ADDRESS = '203.0.113.201';

/** The programs of one implementation, all of them running. */
export interface Side {
  readonly name: 'ours' | 'miredo';
  readonly implementation: Implementation;
  readonly server: RunningServer;
  /** Behind a NAT (masquerade). */
  readonly client: RunningClient;
  /** An IPv6-only host behind the relay. */
  readonly native: HostBehindRelay;
}

export interface Scene {
  readonly island: Island;
  readonly sides: readonly Side[];
  /** The way between our client's host and our native host over IPv4, through the same NAT and routers. */
  readonly kernel: { readonly client: Namespace; readonly native: Namespace; readonly address: string };
  readonly sender: Sender;
}

export async function build(): Promise<Scene> {
  const island = await Island.create();
  try {
    const sides = [await side(island, ours, WITHOUT_LIMIT), await side(island, miredo, [])];
    const [{ client, native }] = sides as [Side, Side];
    await layKernelPath(island, native);
    return {
      island,
      sides,
      kernel: { client: client.host, native: native.host, address: KERNEL_ADDRESS },
      sender: new Sender(),
    };
  } catch (error) {
    const report = await island.network.report();
    await island.close();
    throw new Error(`${(error as Error).message}\n${report}`, { cause: error });
  }
}

export async function tearDown(scene: Scene): Promise<void> {
  await scene.sender.close();
  await scene.island.close();
}

/** One echo each way: bubbles and tests of the tunnel are done, and both ends trust each other. */
export async function warmUp({ client, native }: Side): Promise<void> {
  await echo(client.host, native.address);
  await echo(native.host, client.address);
}

/** The first request may be lost behind the last load. */
async function echo(from: Namespace, to: string, attempts = 3): Promise<void> {
  const { received, output } = await ping(from, to, 1);
  if (received === 1) return;
  if (attempts === 1) throw new Error(`no answer through the tunnel: ${output}`);
  return echo(from, to, attempts - 1);
}

async function side(island: Island, implementation: Implementation, options: readonly string[]): Promise<Side> {
  const server = await island.serverHost(implementation, options);
  const native = await island.nativeHost(implementation);
  // Packets come to a relay one by one, as from a real interface, however they were sent (measures/udp.ts).
  await native.host.run(['ethtool', '-K', 'lan', 'tx-udp-segmentation', 'off']);
  const client = await island.client(implementation, implementation, 1);
  return { name: implementation.name, implementation, server, client, native };
}

/** Gives the native host an IPv4 address that is reached through the relay's host, which forwards. */
async function layKernelPath(island: Island, { host, gateway, address }: HostBehindRelay): Promise<void> {
  const [toHost] = await gateway.ask<{ dev: string }[]>('-6', 'route', 'show', `${address}/128`);
  const [wan] = await gateway.ask<{ addr_info: { local: string }[] }[]>('-4', 'address', 'show', 'dev', 'wan');
  await host.ip(`address add ${KERNEL_ADDRESS}/32 dev lan`, 'route add 0.0.0.0/0 via inet6 fe80::1 dev lan');
  await gateway.ip(`route add ${KERNEL_ADDRESS}/32 via inet6 fe80::2 dev ${toHost!.dev}`);
  await gateway.sysctl({ 'net.ipv4.ip_forward': 1 });
  await island.internet.router.ip(`route add ${KERNEL_ADDRESS}/32 via ${wan!.addr_info[0]!.local}`);
}
