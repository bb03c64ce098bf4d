import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';

const HELPER = fileURLToPath(new URL('name-server-helper.mjs', import.meta.url));

export interface NameTable {
  readonly a?: Readonly<Record<string, readonly string[]>>;
  readonly srv?: Readonly<Record<string, readonly (readonly [number, string])[]>>;
  /** Never answers. */
  readonly silent?: boolean;
  readonly delayMs?: number;
}

/** A DNS server on the loopback address of a namespace; see `name-server-helper.mjs`. */
export async function startNameServer(host: Namespace, table: NameTable): Promise<Process> {
  const server = host.start([process.execPath, HELPER, JSON.stringify(table)], 'name server');
  await server.printed(/ready/);
  return server;
}

/** Starts a command of ours that asks that name server and no other: a mount of its own hides the machine's. */
export function startWithNames(host: Namespace, argv: readonly string[]): Process {
  const file = join(host.network.directory, `resolv-${host.name}.conf`);
  writeFileSync(file, 'nameserver 127.0.0.1\noptions timeout:1 attempts:2\n');
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  // `ip netns exec` has given the process mounts of its own.
  return host.start(['sh', '-c', script, file, process.execPath, PROGRAM, ...argv], `teredo ${argv[0]}`);
}
