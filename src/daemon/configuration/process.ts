import { accessSync, constants, statSync } from 'node:fs';
import type { ProcessOptions } from '../daemon.ts';
import type { Argv } from '../hooks/hooks.ts';
import type { Problem } from './problems.ts';
import type { Settings } from './settings.ts';
import { wordsFor } from './system-words.ts';
import { isLoopback, splitListen } from './values.ts';

/** The programs that run as hooks. */
const PROGRAMS = ['up', 'down', 'address_changed', 'client_hook'] as const;

/** What settings say of the process, whatever its roles are. Errors: ConfigurationError. */
export function processOf(settings: Settings): ProcessOptions {
  const { up, down, address_changed, client_hook, time_limit } = settings.values.hooks;
  const problems = [...PROGRAMS.flatMap((name) => objectToProgram(settings, name)), ...objectToPage(settings)];
  if (problems.length > 0) throw settings.refuse(problems);
  const { user } = settings.values.privileges;
  const { socket } = settings.values.control;
  const { directory } = settings.values.state;
  return {
    state: directory === undefined ? {} : { directory },
    privileges: {
      ...(user === undefined ? {} : { user }),
      ...(socket === undefined ? {} : { controlSocket: socket }),
    },
    hooks: {
      ...(up === undefined ? {} : { up: argv(up) }),
      ...(down === undefined ? {} : { down: argv(down) }),
      ...(address_changed === undefined ? {} : { addressChanged: argv(address_changed) }),
      ...(client_hook === undefined ? {} : { clientHook: client_hook }),
      timeLimitMs: time_limit * 1_000,
    },
  };
}

/** What a program and its arguments are in the file: a path alone, or a list. */
function argv(program: string | readonly string[]): Argv {
  return typeof program === 'string' ? [program] : program;
}

/** A hook that cannot run would be found out when the network changes, and nobody looks. */
function objectToProgram(settings: Settings, name: (typeof PROGRAMS)[number]): Problem[] {
  const program = settings.values.hooks[name];
  if (program === undefined) return [];
  const path = argv(program)[0]!;
  const blame = (reason: string, fix: string) => [settings.problem(`hooks.${name}`, reason, fix)];
  try {
    if (!statSync(path).isFile()) return blame('is not a file', 'name a program');
    accessSync(path, constants.X_OK);
    return [];
  } catch (error) {
    return blame(wordsFor(error), 'name a program; "chmod +x" makes a script one');
  }
}

/** The dashboard is for this host, and its address is the only `Host` that is served, so it must be one. */
function objectToPage(settings: Settings): Problem[] {
  const { listen, remote } = settings.values.web;
  if (listen === undefined) return [];
  const { address } = splitListen(listen);
  const blame = (reason: string, fix: string) => [settings.problem('web.listen', reason, fix)];
  if (/^[0:.]+$/.test(address)) return blame('is every address of this host', 'name one of them');
  if (remote || isLoopback(address)) return [];
  return blame(
    'can be reached from other hosts, and plain HTTP keeps no secret',
    'say 127.0.0.1 and forward the port ("ssh -L"), or set web.remote if it must be (--web-remote)',
  );
}
