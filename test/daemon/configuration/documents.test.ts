import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfiguration } from '../../../src/daemon/configuration/file.ts';
import { jsonSchema } from '../../../src/daemon/configuration/json-schema.ts';
import { KEYS } from '../../../src/daemon/configuration/keys.ts';
import { ROLES } from '../../../src/daemon/configuration/names.ts';
import { toNetsh } from '../../../src/daemon/configuration/netsh.ts';
import { configurationPage } from '../../../src/daemon/configuration/page.ts';
import { settle } from '../../../src/daemon/configuration/settings.ts';

/** What is generated from the schema of teredo.toml. */

test('docs/configuration.md is what "npm run configuration" writes, and names every key', () => {
  const page = configurationPage();
  expect(readFileSync('docs/configuration.md', 'utf8')).toBe(page);
  for (const key of KEYS) expect(page).toContain(`| \`${key.environment}\` |`);
});

test('docs/teredo.schema.json is what "npm run configuration" writes; an empty file is right', () => {
  const schema = jsonSchema() as { required?: string[]; additionalProperties: boolean };
  expect(JSON.parse(readFileSync('docs/teredo.schema.json', 'utf8'))).toEqual(schema);
  expect([schema.required, schema.additionalProperties]).toEqual([undefined, false]);
});

test.each(ROLES)(
  'examples/etc-teredo/%s.toml is a right file for that role, and sets no key that nobody heeds',
  (role) => {
    const path = `examples/etc-teredo/${role}.toml`;
    const settings = settle({ file: parseConfiguration(readFileSync(path, 'utf8'), path) });
    expect(settings.values.role).toBe(role);
    expect(settings.unwired).toEqual([]);
  },
);

test('a client for Windows: five fields, and what Windows cannot do is said', () => {
  const { commands, remarks } = exported(
    'role = "client"\n[client]\nservers = ["a.example", "b.example"]\ntype = "enterpriseclient"\nport = 4000\n' +
      'refresh_interval = 20\non_demand = true\nwithout = ["hairpinning"]\nlocal_discovery = true\n',
  );
  expect(commands).toEqual([
    'netsh interface teredo set state type=enterpriseclient servername=a.example refreshinterval=20 clientport=4000',
    'Set-NetTeredoConfiguration -Type Enterpriseclient -ServerName a.example -RefreshIntervalSeconds 20 ' +
      '-ClientPort 4000 -DefaultQualified $false',
  ]);
  expect(remarks).toEqual([
    'client.servers: Windows knows one server, the first is taken',
    'client.local_discovery: Windows has no such setting',
    'client.without: Windows has no such setting',
  ]);
});

test('a server behind a virtual address, and a host-specific relay, for Windows', () => {
  expect(exported('role = "server"\n[server]\nipv4 = "192.0.2.1"\nvirtual_ip = "192.0.2.7"').commands).toEqual([
    'netsh interface teredo set state type=server servervirtualip=192.0.2.7',
    'Set-NetTeredoConfiguration -Type Server -ServerVirtualIP 192.0.2.7',
  ]);
  const relay = exported('role = "host-relay"\n[relay]\nport = 4000');
  expect(relay.commands[0]).toBe('netsh interface teredo set state type=relay');
  expect(relay.remarks).toHaveLength(2);
});

function exported(toml: string) {
  const settings = settle({ file: parseConfiguration(toml, 'x.toml') });
  return toNetsh(settings.values, settings.values.role!, (path) => settings.isSet(path));
}
