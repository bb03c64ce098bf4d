import { KEYS, type Key, SECTIONS } from '../../daemon/configuration/keys.ts';
import { DEFAULT_FILE } from '../../daemon/configuration/names.ts';
import { tomlValue } from '../../daemon/configuration/toml.ts';
import { bold, item, PLAIN, page, text, verbatim } from './roff.ts';

const EXAMPLE = [
  'role = "client"',
  '',
  '[client]',
  'servers = ["203.0.113.1", "teredo.example.org"]',
  '',
  '[hooks]',
  'address_changed = ["/usr/local/bin/dynamic-dns", "--zone", "example.org"]',
];

/** teredo.toml(5), of the schema; `version` stands at its foot. */
export function configurationPage(version: string): string {
  return page([
    `.TH TEREDO.TOML 5 "" "teredo ${version}" "File Formats"`,
    ...PLAIN,
    '.SH NAME',
    'teredo.toml \\- configuration of Teredo clients, servers and relays',
    '.SH SYNOPSIS',
    `\\fI${text(DEFAULT_FILE)}\\fR`,
    '.SH DESCRIPTION',
    `A file of TOML (https://toml.io), in UTF${text('-')}8. ${bold('teredo run')} looks for it there; a command for one role reads a`,
    `file only when told so (${bold('--config')}). Flags go before the environment, that before the file, and all before`,
    'defaults. A file that others than its owner may change is refused, for whoever may write it may have any program',
    'run as a hook.',
    '.PP',
    `${bold('teredo config check')} tells all that is wrong with a file, and ${bold('teredo config show')} what holds and why.`,
    '.PP',
    'SIGHUP has the file read again. Keys that are called live change at once, and peers stay; others wait for a restart.',
    'A file that is wrong changes nothing.',
    ...['', ...SECTIONS].flatMap(section),
    '.SH EXAMPLE',
    ...verbatim(EXAMPLE),
    '.SH SEE ALSO',
    `${bold('teredo')}(1)`,
  ]);
}

function section(name: string): string[] {
  const title = name === '' ? 'AT THE TOP' : `[${name}]`;
  return [`.SH ${text(title)}`, ...KEYS.filter((key) => key.section === name).flatMap(entry)];
}

function entry(key: Key): string[] {
  const unit = key.unit === '' ? '' : ` ${key.unit}`;
  const byDefault = key.byDefault === undefined ? key.otherwise : `${tomlValue(key.byDefault)}${unit}`;
  const idle = key.isUnwired ? [text('Not heeded yet by this version.')] : [];
  const environment = `Environment: ${key.environment}${key.isLive ? '. Live.' : ''}`;
  const explanation = [text(key.description), ...idle, '.br', text(`Default: ${byDefault}`), '.br', text(environment)];
  return item(bold(key.name), ...explanation);
}
