import { accessSync, constants, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Where the control sockets of this system lie. */
const SYSTEM_FOLDER = '/run/teredo';
const SUFFIX = '.sock';
/** The number of the first network namespace, on kernels since 6.17. */
const INITIAL_NETWORK = '4026531833';

/** The folder of control sockets: systemd's choice, the system's place, or a user's own. */
export function socketFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { RUNTIME_DIRECTORY, XDG_RUNTIME_DIR } = environment;
  if (RUNTIME_DIRECTORY !== undefined && RUNTIME_DIRECTORY !== '') return RUNTIME_DIRECTORY.split(':')[0]!;
  const isRoot = process.getuid?.() === 0;
  if (isRoot || isWritable(SYSTEM_FOLDER) || !XDG_RUNTIME_DIR?.startsWith('/')) return SYSTEM_FOLDER;
  return join(XDG_RUNTIME_DIR, 'teredo');
}

/**
 * The socket of a process with this interface, or, without one, with this role.
 *
 * Shape:  where the process has a network of its own, as containers and namespaces do, the file name tells which: the
 *         interface may be there more than once on this host.
 */
export function socketPath(name: string): string {
  return join(socketFolder(), `${name}${networkMark()}${SUFFIX}`);
}

/** Sockets of processes in our own network. */
export function ownSockets(environment: NodeJS.ProcessEnv = process.env): string[] {
  const mark = networkMark();
  return allSockets(environment).filter((path) => {
    return mark === '' ? !/\.\d+\.sock$/.test(path) : path.endsWith(`${mark}${SUFFIX}`);
  });
}

/** Sockets of processes in other networks of this host: never chosen unasked. */
export function foreignSockets(environment: NodeJS.ProcessEnv = process.env): string[] {
  const own = new Set(ownSockets(environment));
  return allSockets(environment).filter((path) => !own.has(path));
}

function allSockets(environment: NodeJS.ProcessEnv): string[] {
  const folders = new Set([socketFolder(environment), SYSTEM_FOLDER]);
  return [...folders].flatMap(list);
}

function list(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** ".4026532281" in a network namespace other than that of process 1; empty at home. */
export function networkMark(): string {
  const ours = networkOf('self');
  if (ours === undefined) return '';
  const first = networkOf('1');
  // Only root may look at process 1; where not even root may, this is a container.
  const isHome = first === undefined ? process.getuid?.() !== 0 || ours === INITIAL_NETWORK : ours === first;
  return isHome ? '' : `.${ours}`;
}

/** The number of the network namespace that a process is in; undefined: nobody tells. */
function networkOf(id: string): string | undefined {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${id}/ns/net`))?.[0];
  } catch {
    return undefined;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
