import { SECTIONS } from '../daemon/configuration/keys.ts';
import type { Setting, Settings } from '../daemon/configuration/settings.ts';
import { configurationJson } from '../daemon/configuration/told.ts';
import { tomlValue } from '../daemon/configuration/toml.ts';
import { settingsFrom, usualFile } from './settings.ts';
import { paint } from './terminal.ts';

/** Where the remarks begin, so that most lines fit 80 columns. */
const REMARK_COLUMN = 32;

/** `teredo config show`: TOML that says what holds here, each value with its source behind it. */
export function show(file: string | undefined, json: boolean): void {
  const settings = settingsFrom(file ?? usualFile());
  if (json) process.stdout.write(`${JSON.stringify(configurationJson(settings))}\n`);
  else process.stdout.write(`${render(settings).join('\n')}\n`);
}

function render(settings: Settings): string[] {
  const said = settings.all.filter(({ source }) => source !== 'default').length;
  const from = settings.file === undefined ? 'no file' : settings.file;
  const lines = [`# ${from}`, `# ${said} of ${settings.all.length} keys are set, the others have their defaults`];
  for (const section of ['', ...SECTIONS]) {
    if (section !== '') lines.push('', `[${section}]`);
    lines.push(...settings.all.filter(({ key }) => key.section === section).map(line));
  }
  return lines;
}

function line(setting: Setting): string {
  const { key, value, source } = setting;
  const isAbsent = value === undefined;
  const text = isAbsent ? `# ${key.name} =` : `${key.name} = ${tomlValue(value)}`;
  const idle = key.isUnwired && source !== 'default' ? ', not heeded yet' : '';
  const remark = `# ${isAbsent ? key.otherwise : origin(setting)}${idle}`;
  const style = source === 'default' ? 'dim' : 'bold';
  return `${paint(style, text)}${' '.repeat(Math.max(2, REMARK_COLUMN - text.length))}${paint('dim', remark)}`;
}

function origin({ source, name, where, key }: Setting): string {
  const unit = key.unit === '' ? '' : `${key.unit}, `;
  if (source === 'file') return `${unit}${/line \d+$/.exec(where)?.[0] ?? 'file'}`;
  return `${unit}${source === 'default' ? 'default' : name}`;
}
