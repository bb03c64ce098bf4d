import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { importMiredo } from '../daemon/configuration/miredo.ts';
import { ConfigurationError } from '../daemon/configuration/problems.ts';
import { writeToml } from '../daemon/configuration/toml.ts';
import { usageError } from './flags.ts';
import { paint } from './terminal.ts';
import { visible, wordsFor } from './words.ts';

/** `teredo config import`: a file of Miredo's as ours on standard output; what differs also on standard error. */
export function importFile(path: string): void {
  const imported = importMiredo(read(path));
  const { role, problems } = imported;
  if (problems.length > 0) {
    throw new ConfigurationError(
      'TD-CONFIG',
      problems.map(({ line, reason, fix }) => ({
        where: `${path}, line ${line}`,
        name: reason,
        value: '',
        reason: '',
        fix,
      })),
    );
  }
  const values = new Map<string, unknown>([['role', role], ...imported.values]);
  const folder = dirname(resolve(path));
  // Beside the file, as Debian has it, or in the folder of Miredo beside the file.
  const hook = [join(folder, 'client-hook'), join(folder, 'miredo/client-hook')].find(isExecutable);
  if (role === 'client' && hook !== undefined) values.set('hooks.client_hook', hook);
  const head = [`From ${resolve(path)} of Miredo, by "teredo config import".`, ...imported.remarks];
  process.stdout.write(writeToml(values, head.map(visible)));
  for (const remark of imported.remarks) {
    process.stderr.write(`${paint('yellow', 'note:', process.stderr)} ${visible(remark)}\n`);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError('FILE', path, wordsFor(error), 'name a miredo.conf or a miredo-server.conf');
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
