import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Flag } from '../daemon/configuration/settings.ts';
import { usageError } from './flags.ts';
import { PROCESS_OPTIONS } from './process-flags.ts';

/** Which key an option of a command sets. */
export interface Option {
  /** As people write it: "--port". */
  readonly flag: string;
  /** "client.port". */
  readonly key: string;
  /** A path, that may be written from here. */
  readonly isPath?: true;
  /** What a switch means for its key; as it is, unless said. */
  readonly means?: boolean | string;
}

/** By the name that commander has for the option: "refreshInterval". */
export type Options = Readonly<Record<string, Option>>;

/** Options that every role has. */
export const COMMON_OPTIONS: Options = {
  ...PROCESS_OPTIONS,
  interface: { flag: '--interface', key: 'interface.name' },
  offloads: { flag: '--offloads', key: 'data_path.offloads' },
  json: { flag: '--json', key: 'log.format', means: 'events' },
};

/** Adds what every role has. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--offloads <LIST>', 'what of the kernel to use for speed: all, none or a list (default: all)')
    .option('--config <FILE>', 'read teredo.toml, whose values flags override; SIGHUP reads it again')
    .option('--json', 'print one JSON object for each change');
}

/** What the command line says, by key; what was left to its default is not in it. */
export function flagsOf(command: Command, options: Options): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const [name, { flag, key, isPath, means }] of Object.entries(options)) {
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const value = command.getOptionValue(name) as string | boolean;
    const other = flags.get(key);
    if (other !== undefined) throw usageError(flag, '', `it and ${other.name} say the same thing`, 'leave one away');
    flags.set(key, { name: flag, value: means ?? (isPath && typeof value === 'string' ? resolve(value) : value) });
  }
  return flags;
}
