import { expect, test } from 'vitest';
import { parseConfiguration } from '../../../src/daemon/configuration/file.ts';
import { importMiredo } from '../../../src/daemon/configuration/miredo.ts';
import { settle } from '../../../src/daemon/configuration/settings.ts';
import { writeToml } from '../../../src/daemon/configuration/toml.ts';

test('a client: every directive has its key, in any case and with comments between', () => {
  const { role, values, problems } = importMiredo(
    [
      '# a client',
      'relaytype autoclient',
      'INTERFACENAME tun6',
      'ServerAddress\t192.0.2.1',
      'ServerAddress2 192.0.2.9',
      '  BindPort 3545  ',
      'LocalDiscovery disabled',
    ].join('\n'),
  );
  expect([role, problems]).toEqual(['client', []]);
  expect(Object.fromEntries(values)).toEqual({
    'interface.name': 'tun6',
    'client.servers': ['192.0.2.1'],
    'client.server_secondary': '192.0.2.9',
    'client.port': 3545,
    'client.local_discovery': false,
    'client.even_with_ipv6': true,
  });
});

test('what is left out is as Miredo has it: a client, on an interface named miredo', () => {
  const { role, values, remarks } = importMiredo('');
  expect([role, values.get('interface.name')]).toEqual(['client', 'miredo']);
  expect(remarks.join()).toContain('no ServerAddress');
});

test.each([
  ['cone', {}],
  ['relay', {}],
  ['restricted', { 'relay.behind_nat': true }],
])('RelayType %s: a relay', (type, more) => {
  const text = `RelayType ${type}\nInterfaceName teredo\nBindAddress 192.0.2.1\nBindPort 3545\nPrefix 2001:0000::\n`;
  const { role, values } = importMiredo(text);
  expect(role).toBe('relay');
  expect(Object.fromEntries(values)).toEqual({
    'interface.name': 'teredo',
    'relay.ipv4': '192.0.2.1',
    'relay.port': 3545,
    ...more,
  });
});

test('a server: both addresses and the MTU it advertises', () => {
  const text = 'ServerBindAddress 192.0.2.1\nServerBindAddress2 192.0.2.5\nInterfaceMTU 1400\nPrefix 2001::/32\n';
  const { role, values, remarks } = importMiredo(text);
  expect([role, remarks]).toEqual(['server', []]);
  expect(Object.fromEntries(values)).toEqual({
    'server.ipv4': '192.0.2.1',
    'server.ipv4_secondary': '192.0.2.5',
    'server.mtu': 1400,
  });
});

test.each([
  ['ServerAddress a.example\nBindAddress 192.0.2.1', 'BindAddress'],
  ['ServerAddress a.example\nServerAddress2 b.example', 'ServerAddress2 b.example'],
  ['ServerAddress a.example\nSyslogFacility local3', 'SyslogFacility'],
  ['ServerAddress a.example\nInterfaceMTU 1400', 'InterfaceMTU'],
  ['ServerAddress a.example\nDiscoveryInterfaces eth0', 'DiscoveryInterfaces'],
  ['ServerAddress a.example\nNonsense 1', 'line 2: Nonsense is no directive'],
  ['RelayType relay\nPrefix 3ffe:831f::', 'Prefix 3ffe:831f::'],
  ['RelayType relay\nInterfaceMTU 1400', 'InterfaceMTU 1400'],
  ['RelayType relay\nServerAddress a.example', 'ServerAddress'],
  ['ServerBindAddress 192.0.2.1\nPrefix 2001:db8::', 'Prefix 2001:db8::'],
])('%j: what has no equivalent is said', (text, remark) => {
  expect(importMiredo(text).remarks.join('\n')).toContain(remark);
});

test('what Miredo would refuse is refused, with its line', () => {
  const text = 'RelayType clint\nServerAddress 300.1.1.1\nBindPort 99999\nServerBindAddress x';
  const asClient = importMiredo(text.split('\n').slice(0, 3).join('\n'));
  expect(asClient.problems.map(({ line }) => line)).toEqual([1, 3]);
  expect(importMiredo('ServerAddress 300.1.1.1').problems).toMatchObject([{ line: 1 }]);
  expect(importMiredo('ServerBindAddress x').problems).toMatchObject([{ line: 1 }]);
});

test('the file that is written says what was meant, whatever the remarks hold', () => {
  const { role, values } = importMiredo('ServerAddress 192.0.2.1\nBindPort 4000');
  const toml = writeToml(new Map<string, unknown>([['role', role], ...values]), ['a remark '.repeat(30)]);
  expect(toml.split('\n').every((line) => line.length <= 100)).toBe(true);
  const settings = settle({ file: parseConfiguration(toml, 'x.toml') });
  expect(settings.values).toMatchObject({
    role: 'client',
    client: { servers: ['192.0.2.1'], port: 4000, even_with_ipv6: true },
    interface: { name: 'miredo' },
  });
});
