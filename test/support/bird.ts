import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';

/** Starts BIRD 2 in a namespace, with a control socket of its own; the network stops it in the end. */
export function startBird(host: Namespace, configuration: string): Process {
  const file = join(host.network.directory, `bird-${host.name}.conf`);
  writeFileSync(file, configuration);
  return host.start(['bird', '-f', '-c', file, '-s', socketOf(host)]);
}

/** What "birdc" prints. */
export async function askBird(host: Namespace, ...words: readonly string[]): Promise<string> {
  return (await host.runToEnd(['birdc', '-s', socketOf(host), ...words])).stdout;
}

function socketOf(host: Namespace): string {
  return join(host.network.directory, `bird-${host.name}.ctl`);
}
