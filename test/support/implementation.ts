import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { until } from '../../src/lab/kernel/until.ts';

/** A set of Teredo programs that runs in the laboratory: ours, and the others we must get along with. */
export interface Implementation {
  readonly name: 'ours' | 'miredo';
  /** Starts a client of the server with these two addresses and waits until it has a Teredo address. */
  client(host: Namespace, server: ServerAddresses): Promise<RunningClient>;
  /** Starts a client without waiting for anything. */
  startClient(host: Namespace, server: ServerAddresses): Process;
  /** Starts a server and waits until it listens; options are flags of ours, directives of Miredo's. */
  server(host: Namespace, addresses: ServerAddresses, options?: readonly string[]): Promise<Process>;
  /** Starts a relay for everything the host forwards and waits until 2001::/32 leads into its interface. */
  relay(host: Namespace): Promise<Process>;
  /** Starts a host-specific relay (RFC 4380 §2.8) likewise. */
  hostRelay(host: Namespace): Promise<Process>;
}

export interface RunningClient {
  readonly host: Namespace;
  readonly process: Process;
  /** The Teredo address in text. */
  readonly address: string;
}

/** The two IPv4 addresses of a server, the second one above the first as clients expect (ledger SRV-02). */
export type ServerAddresses = readonly [primary: string, secondary: string];

interface InterfaceAddresses {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string }[];
}

/** Waits until an interface of the host has an address of 2001::/32. */
export function teredoAddress(host: Namespace, process: Process): Promise<string> {
  return ready(process, 'a Teredo address', async () => {
    const interfaces = await host.ask<InterfaceAddresses[]>('-6', 'address', 'show', 'scope', 'global');
    return interfaces.flatMap((each) => each.addr_info.map((info) => info.local)).find(isTeredo);
  });
}

/** Waits until something listens on the UDP port. */
export function listening(host: Namespace, process: Process, port: number): Promise<string> {
  return ready(process, `UDP port ${port}`, async () => {
    const sockets = await host.run(['ss', '-Hlun', `sport = :${port}`]);
    return sockets === '' ? undefined : sockets;
  });
}

/** Waits until the host's way to Teredo clients leads into a TUN device. */
export function teredoRoute(host: Namespace, process: Process): Promise<true> {
  return ready(process, 'a route to 2001::/32', async () => {
    const routes = await host.ask<{ dst: string; dev: string }[]>('-6', 'route', 'show', '2001::/32');
    return routes.some((route) => route.dev !== 'wan') || undefined;
  });
}

async function ready<T>(process: Process, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  try {
    return await until(`${what} of ${process.title}`, () => {
      if (!process.running) throw new Error(`${process.title} ended early: ${process.ending}`);
      return ask();
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${process.report()}`, { cause: error });
  }
}

/** 2001:0::/32 as iproute2 writes it: `2001:0:...` or, when zeros follow, `2001::...`. */
function isTeredo(address: string): boolean {
  return address.startsWith('2001:0:') || address.startsWith('2001::');
}
