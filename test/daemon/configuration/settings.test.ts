import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfiguration, readConfigurationFile } from '../../../src/daemon/configuration/file.ts';
import { KEYS } from '../../../src/daemon/configuration/keys.ts';
import { ConfigurationError } from '../../../src/daemon/configuration/problems.ts';
import { processOf } from '../../../src/daemon/configuration/process.ts';
import { serverOf } from '../../../src/daemon/configuration/roles.ts';
import { type Flag, type Settings, settle } from '../../../src/daemon/configuration/settings.ts';
import { parseIpv4 } from '../../../src/wire/text.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('keys that no code heeds yet; who wires one takes it from this list', () => {
  expect(KEYS.filter((key) => key.isUnwired).map((key) => key.path)).toEqual([]);
});

test('every key has a description, words for what is wrong, and a name of its own in the environment', () => {
  for (const key of KEYS) {
    expect(key.description, key.path).toMatch(/\S.*[.]$/);
    expect(key.fix, key.path).not.toBe('');
    expect(key.environment, key.path).toMatch(/^TEREDO_[A-Z0-9_]+$/);
    if (key.byDefault === undefined) expect(key.otherwise, key.path).not.toBe('');
  }
  expect(new Set(KEYS.map((key) => key.environment)).size).toBe(KEYS.length);
});

test('flags go before the environment, that before the file, and all before defaults', () => {
  const toml = '[client]\nport = 1\nrefresh_interval = 10\nservers = ["192.0.2.1"]\n';
  const environment = { TEREDO_CLIENT_PORT: '2', TEREDO_CLIENT_REFRESH_INTERVAL: '20' };
  const settings = settled(toml, environment, { 'client.port': { name: '--port', value: '3' } });
  const origin = (path: string) => {
    const { value, source, name, where } = settings.of(path);
    return [value, source, name, where];
  };
  expect(origin('client.port')).toEqual([3, 'flag', '--port', '']);
  expect(origin('client.refresh_interval')).toEqual([20, 'environment', 'TEREDO_CLIENT_REFRESH_INTERVAL', '']);
  expect(origin('client.servers')).toEqual([['192.0.2.1'], 'file', 'client.servers', 'x.toml, line 4']);
  expect(origin('client.local_discovery')).toEqual([true, 'default', 'client.local_discovery', '']);
  expect(settings.values.client).toMatchObject({ port: 3, refresh_interval: 20, servers: ['192.0.2.1'] });
});

test('text becomes what TOML would have: numbers, yes and no, lists, all and none', () => {
  const { values } = settled('', {
    TEREDO_CLIENT_SERVERS: 'one.example, 192.0.2.1',
    TEREDO_CLIENT_LOCAL_DISCOVERY: 'no',
    TEREDO_CLIENT_WITHOUT: 'all',
    TEREDO_DATA_PATH_OFFLOADS: 'none',
    TEREDO_RELAY_PORT: '4000',
    TEREDO_ROLE: '', // An empty variable says nothing.
  });
  expect(values.client).toMatchObject({ servers: ['one.example', '192.0.2.1'], local_discovery: false });
  expect(values.client.without).toHaveLength(6);
  expect(values.data_path.offloads).toEqual([]);
  expect([values.relay.port, values.role]).toEqual([4000, undefined]);
});

test.each([
  ['[client]\nport = 99999', 'x.toml, line 2: client.port 99999: not a UDP port', 'from 0 to 65535'],
  ['[client]\nport = "4000"', 'x.toml, line 2: client.port 4000: not a UDP port', 'from 0 to 65535'],
  ['[client]\nport = 1.5', 'x.toml, line 2: client.port 1.5: not a UDP port', 'from 0 to 65535'],
  ['client.refresh_interval = 1', 'x.toml, line 1: client.refresh_interval 1: not a number of seconds', '5 to 600'],
  ['role = "clint"', 'x.toml, line 1: role clint: not a role', '"client", "server", "relay" or "host-relay"'],
  ['[relay]\nbehind_nat = 1', 'relay.behind_nat 1: not true or false', 'write true or false'],
  ['[server]\nipv4 = "224.0.0.1"', 'server.ipv4 224.0.0.1: not the address of a host', 'unicast'],
  ['[client]\nservers = []', 'client.servers []: not a list of 1 to 16', '["one", "other"]'],
  ['[client]\nservers = "a.example"', 'client.servers a.example: not a list of 1 to 16', '["one", "other"]'],
  ['[client]\nservers = ["a.example", "b c"]', 'client.servers b c: neither a host name', 'for instance'],
  ['[client]\nwithout = ["hairpinnin"]', 'client.without hairpinnin: not an extension', 'hairpinning'],
  ['[hooks]\nup = "up.sh"', 'hooks.up up.sh: not a whole path', 'begin it with "/"'],
  ['[hooks]\nup = ["up.sh", "/x"]', 'hooks.up up.sh: not a whole path', 'begin it with "/"'],
  ['[hooks]\nup = []', 'hooks.up []: not a program', '["/path/of/it", "argument"]'],
  ['[hooks]\nup = 7', 'hooks.up 7: not a program', '["/path/of/it", "argument"]'],
  ['[metrics]\nlisten = "9100"', 'metrics.listen 9100: not an address with a port', '127.0.0.1:9100'],
  ['[interface]\nname = "../x"', 'interface.name ../x: not a name for an interface', '1 to 15 letters'],
  ['[client]\nport = 2026-11-23', 'client.port "2026-11-23": not a UDP port', 'from 0 to 65535'],
  ['[client]\nport = 1\nport = 2', 'x.toml, line 3, column 1: not TOML', 'toml.io'],
  ['[client\nport = 1', 'x.toml, line 1, column', 'toml.io'],
])('%j: where, key, value, reason and fix', (toml, reason, fix) => {
  const error = failure(() => settled(toml));
  expect(error.code).toBe('TD-CONFIG');
  expect(error.message).toContain(reason);
  expect(error.next).toContain(fix);
});

test.each([
  ['[client]\nrefresh_intervall = 3', 'client.refresh_intervall: no such key', 'client.refresh_interval?'],
  ['[client]\nserver = "x"', 'client.server: no such key', 'client.servers?'],
  ['[client]\nmtu = 1300', 'client.mtu: no such key', 'server.mtu?'],
  ['port = 1', 'port: no such key', 'client.port or relay.port?'],
  ['[servr]\nipv4 = "192.0.2.1"', '[servr]: no such section', '[server]?'],
  ['[client]\nxyzzy = 1', 'client.xyzzy: no such key', 'config show'],
  ['rle = "client"', 'rle: no such key', 'did you mean role?'],
])('%j: what was probably meant', (toml, reason, fix) => {
  const error = failure(() => settled(toml));
  expect(error.message).toContain(reason);
  expect(error.next).toContain(fix);
});

test('all problems of all sources are told at once, those of the file in the order of its lines', () => {
  const toml = '[client]\nrefresh_interval = 1\nprot = 2\nservers = ["x y"]\n';
  const flags = { 'interface.name': { name: '--interface', value: '../x' } };
  const error = failure(() => settled(toml, { TEREDO_CLIENT_PORT: 'x' }, flags));
  expect(error.problems.map(({ name }) => name)).toEqual([
    'TEREDO_CLIENT_PORT',
    '--interface',
    'client.refresh_interval',
    'client.prot',
    'client.servers',
  ]);
  expect(error.message).toMatch(/^5 problems\n/);
  const ofFile = failure(() => settled(toml));
  expect(ofFile.message.split('\n').slice(0, 3)).toEqual([
    'x.toml: 3 problems',
    '  line 2: client.refresh_interval 1: not a number of seconds',
    '    choose a whole number from 5 to 600',
  ]);
});

test('only flags to blame: the code of a usage error', () => {
  const error = failure(() => settled('', {}, { 'relay.port': { name: '--port', value: '0' } }));
  expect([error.code, error.message, error.next]).toEqual([
    'TD-USAGE',
    '--port 0: not a UDP port',
    'choose a whole number from 1 to 65535',
  ]);
});

test('digits that may be a secret are not repeated', () => {
  const error = failure(() => settled('[client]\nidentifier = "hex:5ec3e7x"'));
  expect(JSON.stringify([error.message, error.problems])).not.toContain('5ec3e7x');
});

test('a name in the environment that looks like ours and is none: said, and no failure', () => {
  const { remarks } = settled('', { TEREDO_CLIENT_SERVER: '192.0.2.1', TEREDO_REQUIRE_ALL: '1' });
  expect(remarks).toMatchObject([{ name: 'TEREDO_CLIENT_SERVER', fix: 'did you mean TEREDO_CLIENT_SERVERS?' }]);
});

test('a server is known by its own address, or by the one it shares; the relay beside it needs one of its own', () => {
  const roles = (toml: string) =>
    serverOf(settled(`[server]\n${toml}`)).map((role) => ('ipv4' in role ? role.ipv4 : 0));
  const [own, shared] = [parseIpv4('192.0.2.1')!, parseIpv4('192.0.2.9')!];
  expect(roles('ipv4 = "192.0.2.1"')).toEqual([own]);
  expect(roles('virtual_ip = "192.0.2.9"')).toEqual([shared]);
  expect(roles('ipv4 = "192.0.2.1"\nvirtual_ip = "192.0.2.9"\nwith_relay = true')).toEqual([shared, own]);
  expect(() => roles('virtual_ip = "192.0.2.9"\nwith_relay = true')).toThrow('needs one of its own');
});

test('a file that others may change is refused, and the command that mends it is said', () => {
  const file = join(folder, 'teredo.toml');
  writeFileSync(file, 'role = "client"\n');
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(file, mode);
    const { problems, values } = readConfigurationFile(file);
    expect(problems).toMatchObject([{ where: file, fix: `chmod go-w ${file}` }]);
    expect(values.size).toBe(0);
  }
  chmodSync(file, 0o644);
  expect(readConfigurationFile(file)).toMatchObject({ problems: [] });
});

test('a file that is not there, or is none: which, and why', () => {
  mkdirSync(join(folder, 'folder'));
  expect(readConfigurationFile(join(folder, 'nothing')).problems).toMatchObject([
    { where: join(folder, 'nothing'), reason: 'no such file or directory' },
  ]);
  expect(readConfigurationFile(join(folder, 'folder')).problems).toMatchObject([{ reason: 'is not a file' }]);
});

function settled(toml: string, environment: NodeJS.ProcessEnv = {}, flags: Record<string, Flag> = {}): Settings {
  return settle({ flags: new Map(Object.entries(flags)), environment, file: parseConfiguration(toml, 'x.toml') });
}

function failure(work: () => unknown): ConfigurationError {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

test('the dashboard stays on this host, unless it is asked for by name', () => {
  const page = (listen: string, remote = 'false') =>
    processOf(settled('', { TEREDO_WEB_LISTEN: listen, TEREDO_WEB_REMOTE: remote }));
  for (const listen of ['127.0.0.1:0', '127.0.0.2:8000', '[::1]:8000']) expect(() => page(listen)).not.toThrow();
  expect(() => page('192.0.2.1:8000')).toThrow('can be reached from other hosts');
  expect(() => page('192.0.2.1:8000', 'true')).not.toThrow();
  for (const listen of ['0.0.0.0:8000', '[::]:8000']) {
    expect(() => page(listen, 'true')).toThrow('is every address of this host');
  }
});
