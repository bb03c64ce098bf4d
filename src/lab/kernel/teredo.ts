import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespaces.ts';
import type { Process } from './process.ts';

/** What a user starts. It needs a build: `npm test` makes one when the sources are newer. */
export const PROGRAM = fileURLToPath(new URL('../../../bin/teredo', import.meta.url));

/** Starts any command of ours in a namespace; `preload` is a module's source that runs before it. */
export function startTeredo(host: Namespace, argv: readonly string[], preload?: string): Process {
  const preloads = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  // What it remembers over a restart is its own host's.
  const state = `STATE_DIRECTORY=${join(host.network.directory, `state-${host.name}`)}`;
  return host.start(['env', state, process.execPath, ...preloads, PROGRAM, ...argv], `teredo ${argv[0]}`);
}
