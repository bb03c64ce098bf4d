import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readConfigurationFile } from '../daemon/configuration/file.ts';
import { DEFAULT_FILE } from '../daemon/configuration/names.ts';
import { type Flag, type Settings, settle } from '../daemon/configuration/settings.ts';

/**
 * What flags, the environment and a file say together.
 *
 * `file`: as the command line names it; undefined: none is read. Errors: ConfigurationError with all that is wrong.
 */
export function settingsFrom(file: string | undefined, flags?: ReadonlyMap<string, Flag>): Settings {
  const content = file === undefined ? undefined : readConfigurationFile(resolve(file));
  return settle({ ...(flags === undefined ? {} : { flags }), environment: process.env, file: content });
}

/** The file that is meant where none is named: the packages' one, if there is one. */
export function usualFile(): string | undefined {
  return existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined;
}
