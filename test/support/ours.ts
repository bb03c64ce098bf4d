import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { type Implementation, listening, type ServerAddresses, teredoAddress, teredoRoute } from './implementation.ts';

/** Our programs as a user starts them, from `bin/teredo`. */
export const ours: Implementation = {
  name: 'ours',

  async client(host, server) {
    const process = startClient(host, server);
    return { host, process, address: await teredoAddress(host, process) };
  },

  startClient: (host, server) => startClient(host, server),
  server: (host, addresses, options) => startServer(host, addresses, options),

  async relay(host) {
    const process = teredo(host, ['relay']);
    await teredoRoute(host, process);
    return process;
  },

  async hostRelay(host) {
    const process = teredo(host, ['host-relay']);
    await teredoRoute(host, process);
    return process;
  },
};

/** Starts a client without waiting for an address. */
export function startClient(
  host: Namespace,
  [primary, secondary]: ServerAddresses,
  options: readonly string[] = [],
): Process {
  return teredo(host, ['client', primary, '--server2', secondary, ...options]);
}

/** Starts a server and waits until it listens. */
export async function startServer(
  host: Namespace,
  [primary, secondary]: ServerAddresses,
  options: readonly string[] = [],
): Promise<Process> {
  const process = teredo(host, ['server', '--address', primary, '--address2', secondary, ...options]);
  await listening(host, process, 3544);
  return process;
}

/** Runs any command of ours that keeps running, telling its changes of state as JSON lines. */
function teredo(host: Namespace, argv: readonly string[]): Process {
  return startTeredo(host, [...argv, '--json']);
}

/** The reports of one type that the process has printed so far, in order. */
export function reports(process: Process, type: string): Record<string, unknown>[] {
  const lines = process.stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((report) => report.type === type);
}
