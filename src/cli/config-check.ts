import { existsSync } from 'node:fs';
import { misfits } from '../daemon/configuration/host-check.ts';
import { DEFAULT_FILE } from '../daemon/configuration/names.ts';
import { roleOf } from '../daemon/configuration/roles.ts';
import type { Settings } from '../daemon/configuration/settings.ts';
import { TeredoError } from '../errors.ts';
import { assemble } from './run-role.ts';
import { settingsFrom } from './settings.ts';
import { Exit } from './terminal.ts';
import { folded, visible } from './words.ts';

/** Something that is no mistake of the file, and that its owner wants to know. */
interface Remark {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

/** `teredo config check`: what is wrong ends it as an error; what is odd is told. Gives the exit status. */
export async function check(file: string | undefined, json: boolean): Promise<number> {
  const path = file ?? DEFAULT_FILE;
  if (file === undefined && !existsSync(path)) {
    throw new TeredoError('TD-USAGE', `there is no ${path}`, 'name a file: "teredo config check FILE"');
  }
  const settings = settingsFrom(path);
  const role = roleOf(settings);
  const trouble = await misfits(assemble(settings, role), settings.values);
  const isFatal = trouble.some((misfit) => misfit.isFatal);
  const remarks = [...trouble.map(({ code, message, next }) => ({ code, message, next })), ...remarksOn(settings)];
  if (json) {
    const fits = trouble.length === 0;
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, type: 'check', file: path, role, fits, remarks })}\n`);
  } else {
    const but = isFatal ? ', and cannot run on this host' : trouble.length > 0 ? ', but look at this host' : '';
    const lines = remarks.flatMap(({ code, message, next }) => [`  ${message}`, `    ${next} (${code})`]);
    process.stdout.write(`${folded(visible([`${path}: right, for a ${role}${but}`, ...lines].join('\n')))}\n`);
  }
  if (trouble.length === 0) return Exit.Fine;
  return isFatal ? Exit.CannotRun : Exit.Degraded;
}

function remarksOn(settings: Settings): Remark[] {
  const unheeded = settings.remarks.map(({ name, reason, fix }) => {
    return { code: 'TD-CONFIG-UNKNOWN', message: `${name}: ${reason}`, next: fix };
  });
  const idle = settings.unwired.map(({ name, where }) => ({
    code: 'TD-CONFIG-NO-EFFECT',
    // The file is named above.
    message: `${where === '' ? '' : `${where.replace(/^.*, (?=line \d+$)/, '')}: `}${name}: this version does not heed it yet`,
    next: 'leave it away',
  }));
  return [...unheeded, ...idle];
}
