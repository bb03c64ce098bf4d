import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { type Implementation, listening, type ServerAddresses, teredoAddress, teredoRoute } from './implementation.ts';

/** Debian's miredo and miredo-server 1.2.6, each from a configuration file of its own. */
export const miredo: Implementation = {
  name: 'miredo',

  async client(host, server) {
    const process = startClient(host, server);
    return { host, process, address: await teredoAddress(host, process) };
  },

  startClient,

  async server(host, [primary, secondary], options = []) {
    const bind = [`ServerBindAddress ${primary}`, `ServerBindAddress2 ${secondary}`];
    const process = start(host, 'miredo-server', [...bind, ...options]);
    await listening(host, process, 3544);
    return process;
  },

  relay: startRelay,
  // Miredo knows no separate role for it: a relay on a host that forwards nothing is a host-specific one.
  hostRelay: startRelay,
};

function startClient(host: Namespace, [primary, secondary]: ServerAddresses): Process {
  return start(host, 'miredo', [
    'RelayType client',
    'InterfaceName teredo',
    `ServerAddress ${primary}`,
    `ServerAddress2 ${secondary}`,
  ]);
}

async function startRelay(host: Namespace): Promise<Process> {
  const process = start(host, 'miredo', ['RelayType relay', 'InterfaceName teredo', 'BindPort 3545']);
  await teredoRoute(host, process);
  return process;
}

function start(host: Namespace, program: 'miredo' | 'miredo-server', directives: readonly string[]): Process {
  const base = join(host.network.directory, `${host.name}-${program}`);
  writeFileSync(`${base}.conf`, `${directives.join('\n')}\n`);
  return host.start([program, '-f', '-c', `${base}.conf`, '-p', `${base}.pid`]);
}
