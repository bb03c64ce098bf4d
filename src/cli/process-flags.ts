import { accessSync, constants, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { ProcessOptions } from '../daemon/daemon.ts';
import type { HookOptions } from '../daemon/hooks/hooks.ts';
import { numberFlag, usageError } from './flags.ts';
import { wordsFor } from './words.ts';

/** Commands that keep running, and so have what every such process has. */
const RUNNING = new Set(['client', 'server', 'relay', 'host-relay']);

/** Flags of the process, whatever its roles are, as commander names them. */
export interface ProcessFlags {
  readonly controlSocket?: string;
  readonly controlGroup?: string;
  /** False: no control socket. */
  readonly control?: boolean;
  readonly hookUp?: string;
  readonly hookDown?: string;
  readonly hookAddressChanged?: string;
  readonly clientHook?: string;
  readonly hookTimeLimit?: number;
  readonly user?: string;
}

/** Adds them to the commands that keep running. */
export function addProcessFlags(program: Command): void {
  for (const command of program.commands.filter((one) => RUNNING.has(one.name()))) {
    command
      .option('--hook-up <PROGRAM>', 'run this when the tunnel is up', programFlag('--hook-up'))
      .option('--hook-down <PROGRAM>', 'run this when it is down again', programFlag('--hook-down'));
    if (command.name() === 'client') {
      command
        .option(
          '--hook-address-changed <PROGRAM>',
          'run this when the address changes while the tunnel is up',
          programFlag('--hook-address-changed'),
        )
        .option('--client-hook <PROGRAM>', "run this as Miredo's client-hook is run", programFlag('--client-hook'));
    }
    command
      .option('--control-socket <PATH>', 'control socket (default: /run/teredo/INTERFACE.sock)', pathFlag)
      .option('--control-group <GROUP>', 'group that may use it beside the owner (default: teredo, if there is one)')
      .option('--no-control', 'open no control socket: "teredo status" and the like cannot reach this process');
    command.option(
      '--user <NAME>',
      'whom root becomes once ports are open (default: teredo, else nobody; "root": nobody else)',
      userFlag,
    );
    command.option('--hook-time-limit <SECONDS>', 'end a hook that takes longer (default: 20)', timeLimit);
  }
}

/** What they mean to a daemon. */
export function processOptions(flags: ProcessFlags): ProcessOptions {
  const { hookUp, hookDown, hookAddressChanged, clientHook, hookTimeLimit, user, controlSocket } = flags;
  const hooks: HookOptions = {
    ...(hookUp === undefined ? {} : { up: [hookUp] }),
    ...(hookDown === undefined ? {} : { down: [hookDown] }),
    ...(hookAddressChanged === undefined ? {} : { addressChanged: [hookAddressChanged] }),
    ...(clientHook === undefined ? {} : { clientHook }),
    ...(hookTimeLimit === undefined ? {} : { timeLimitMs: hookTimeLimit * 1_000 }),
  };
  const privileges = {
    ...(user === undefined ? {} : { user }),
    ...(controlSocket === undefined ? {} : { controlSocket }),
  };
  return { hooks, privileges };
}

/** A program by its whole path: what is run later, perhaps with more rights, must not depend on who starts us where. */
function programFlag(flag: string): (value: string) => string {
  return (value) => {
    if (!value.startsWith('/')) {
      throw usageError(flag, value, 'not a whole path', 'begin it with "/"; arguments belong into a script');
    }
    try {
      if (!statSync(value).isFile()) throw usageError(flag, value, 'is not a file', 'name a program');
      accessSync(value, constants.X_OK);
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('TD-')) throw error;
      throw usageError(flag, value, wordsFor(error), 'name a program; "chmod +x" makes a script one');
    }
    return value;
  };
}

function userFlag(value: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/.test(value)) return value;
  throw usageError('--user', value, 'not the name of a user', 'name a user of this host');
}

function timeLimit(value: string): number {
  return numberFlag('--hook-time-limit', 1, 600, 'a number of seconds')(value);
}

function pathFlag(value: string): string {
  if (value.startsWith('/')) return value;
  throw usageError('--control-socket', value, 'not a whole path', 'begin it with "/"');
}
