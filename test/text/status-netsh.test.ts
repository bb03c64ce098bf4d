import { expect, test } from 'vitest';
import { netsh } from '../../src/cli/status-netsh.ts';
import type { RoleStatus } from '../../src/daemon/status/status.ts';
import { clientStatus, statusOf } from './status-support.ts';

/** What Windows prints, with documentation addresses in place of its owner's. */
const GOLDEN = `Teredo Parameters
---------------------------------------------
Type                    : enterpriseclient
Server Name             : win1910.ipv6.microsoft.com.
Client Refresh Interval : 30 seconds
Client Port             : unspecified
State                   : qualified
Client Type             : teredo client
Network                 : managed
NAT                     : restricted (port)
NAT Special Behaviour   : UPNP: No, PortPreserving: No
Local Mapping           : 192.0.2.10:52865
External NAT Mapping    : 198.51.100.7:18778
`;

test('netsh: a qualified client is told byte for byte as Windows tells it', () => {
  const server = { name: 'win1910.ipv6.microsoft.com', address: '203.0.113.1', secondary: '203.0.113.2' };
  expect(text({ type: 'enterpriseclient', network: 'managed', server })).toBe(GOLDEN);
});

test.each([
  ['TD-CLIENT-SERVER-UNREACHABLE', 'primary Teredo server unreachable over UDP'],
  ['TD-CLIENT-SERVER2-UNREACHABLE', 'secondary Teredo server unreachable over UDP'],
  ['TD-SERVER-NAME', 'failed to resolve server name'],
  ['TD-CLIENT-MANAGED-NETWORK', 'client is in a managed network'],
  ['TD-TUN-BUSY', 'failed to open tunnel adapter'],
  ['TD-INTERNAL', 'general system failure'],
])('netsh: offline with %s says "%s"', (code, words) => {
  const error = { code, message: 'something', next: '' };
  const lines = text({ state: 'offline', error, mapping: null, nat: null, address: null }).split('\n');
  expect(lines.slice(-3)).toEqual(['State                   : offline', `Error                   : ${words}`, '']);
});

test('netsh: the words that scripts look for', () => {
  expect(text({ state: 'dormant', nat: null, mapping: null })).toMatch(/^State {19}: dormant$/m);
  expect(text({ state: 'probe (secondary server)', nat: null })).toMatch(/^State {19}: probe \(secondary server\)$/m);
  expect(text({ state: 'offline', type: 'disabled' })).toMatch(/^Type {20}: disabled$/m);
  expect(text({ state: 'offline' })).toMatch(/^Error {19}: none$/m);
  const symmetric = text({ nat: { ...clientStatus().nat!, type: 'symmetric' } });
  expect(symmetric).toMatch(/^NAT {21}: symmetric$/m);
});

test('netsh: a port that is kept, and a mapping by UPnP; a port and a server that were chosen', () => {
  const kept = text({
    mapping: { local: '192.0.2.10:40000', external: '198.51.100.7:40000' },
    portMapping: {
      state: 'mapped',
      by: 'UPnP',
      router: '192.0.2.254',
      local: '192.0.2.10:40000',
      external: '198.51.100.7:40000',
      isPublic: true,
      lifetimeMs: null,
    },
    clientPort: 40_000,
    server: { name: '203.0.113.1', address: '203.0.113.1', secondary: '203.0.113.2' },
  });
  expect(kept).toMatch(/^NAT Special Behaviour {3}: UPNP: Yes, PortPreserving: Yes$/m);
  expect(kept).toMatch(/^Client Port {13}: 40000$/m);
  expect(kept).toMatch(/^Server Name {13}: 203\.0\.113\.1$/m);
});

test('netsh: a server is online and has no NAT', () => {
  const lines = netsh(
    statusOf(
      clientStatus({
        role: 'server',
        type: 'server',
        state: 'online',
        server: null,
        refreshIntervalMs: null,
        nat: null,
      }),
    ),
  );
  expect(lines.split('\n').slice(2)).toEqual([
    'Type                    : server',
    'State                   : online',
    '',
  ]);
});

function text(differences: Partial<RoleStatus>): string {
  return netsh(statusOf(clientStatus(differences)));
}
