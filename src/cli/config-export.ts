import { toNetsh } from '../daemon/configuration/netsh.ts';
import { roleOf } from '../daemon/configuration/roles.ts';
import { settingsFrom, usualFile } from './settings.ts';
import { paint } from './terminal.ts';

/** `teredo config export --netsh`: lines for Windows; what it cannot do on standard error. */
export function exportNetsh(file: string | undefined): void {
  const settings = settingsFrom(file ?? usualFile());
  const { commands, remarks } = toNetsh(settings.values, roleOf(settings), (path) => settings.isSet(path));
  process.stdout.write(`${commands.join('\n')}\n`);
  for (const remark of remarks) process.stderr.write(`${paint('yellow', 'note:', process.stderr)} ${remark}\n`);
}
