import { expect, test } from 'vitest';
import { tell } from '../../src/cli/story.ts';
import { tellJson } from '../../src/cli/story-json.ts';
import { untested } from '../../src/daemon/announcement/health.ts';
import { RoleCounters } from '../../src/daemon/counters.ts';
import type { Report } from '../../src/daemon/reports.ts';
import { Counter } from '../../src/io/counters.ts';
import { Drop } from '../../src/roles/drop.ts';
import { parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

const address = parseIpv6('2001:0:cb00:7101:18a5:63be:3fff:fdd2')!;
const previous = parseIpv6('2001:0:cb00:7101:2c3e:372a:39cc:9bb2')!;
const mapped = { ipv4: parseIpv4('192.0.2.45')!, port: 40_001 };
const local = { ipv4: parseIpv4('192.168.1.10')!, port: 40_001 };
const server = { ipv4: parseIpv4('203.0.113.1')!, port: 3544 };
const role = {
  role: 'client',
  interfaceName: 'teredo',
  servers: [{ name: '203.0.113.1' }],
  port: 0,
  refreshIntervalMs: 30_000,
  localDiscovery: true,
  identifyNat: true,
  findRefreshInterval: false,
} as const;

test('qualified: address, both ends of the mapping, the NAT in words', () => {
  const report: Report = {
    type: 'qualified',
    role,
    local,
    event: { type: 'qualified', address, mtu: 1280, mapped, nat: 'port-restricted', server },
  };
  expect(tell(report)).toEqual([
    'client: qualified, address 2001:0:cb00:7101:18a5:63be:3fff:fdd2 on teredo',
    '  mapping: 192.168.1.10:40001 here, 192.0.2.45:40001 outside',
    '  NAT: port-restricted cone (reached by those we wrote to, from the very port)',
    '  MTU: 1280',
  ]);
  expect(tellJson(report)).toMatchObject({
    schemaVersion: 1,
    type: 'qualified',
    role: 'client',
    interface: 'teredo',
    address: '2001:0:cb00:7101:18a5:63be:3fff:fdd2',
    previous: null,
    mtu: 1280,
    nat: 'port-restricted',
    mapping: { local: '192.168.1.10:40001', external: '192.0.2.45:40001' },
  });
});

test('a changed mapping names the address that is gone, and what is not known is not called none', () => {
  const report: Report = {
    type: 'qualified',
    role,
    local: undefined,
    event: { type: 'qualified', address, previous, mtu: 1280, mapped, nat: 'unknown', server },
  };
  const [first, mapping, nat] = tell(report);
  expect(first).toContain('the mapping changed: 2001:0:cb00:7101:2c3e:372a:39cc:9bb2 is gone');
  expect(mapping).toContain('an unknown address here');
  expect(nat).toBe('  NAT: not known yet');
  expect(tellJson(report)).toMatchObject({ mapping: { local: null } });
});

test('off-line: the reason, and when it tries again', () => {
  const event = { type: 'off-line', reason: 'symmetric NAT', previous, retryAt: 0 } as const;
  const report: Report = { type: 'off-line', role, event, retryInMs: 99_600 };
  expect(tell(report)).toEqual([
    'client: off-line: symmetric NAT, next attempt in 100 s',
    '  2001:0:cb00:7101:2c3e:372a:39cc:9bb2 is gone',
  ]);
  expect(tell({ ...report, retryInMs: Number.POSITIVE_INFINITY })[0]).toBe('client: off-line: symmetric NAT');
  expect(tellJson({ ...report, retryInMs: Number.POSITIVE_INFINITY })).toMatchObject({ retryInMs: null });
});

test('port mapping: who maps what, how long, and that another NAT lies behind; or why there is none', () => {
  const mapping = {
    state: 'mapped',
    protocol: 'UPnP',
    router: '192.168.1.1',
    local: { address: '192.168.1.10', port: 40_001 },
    external: { address: '198.51.100.7', port: 40_001 },
    lifetimeMs: Number.POSITIVE_INFINITY,
  } as const;
  const report: Report = { type: 'port-mapping', role, mapping, isPublic: true };
  expect(tell(report)).toEqual(['client: router 192.168.1.1 maps UDP 198.51.100.7:40001 by UPnP']);
  expect(tellJson(report)).toMatchObject({
    type: 'port-mapping',
    role: 'client',
    state: 'mapped',
    router: '192.168.1.1',
    by: 'UPnP',
    local: '192.168.1.10:40001',
    external: '198.51.100.7:40001',
    isPublic: true,
    lifetimeMs: null,
  });
  const external = { address: '10.1.2.3', port: 40_001 };
  const inner = { ...mapping, protocol: 'PCP', external, lifetimeMs: 7_200_000 } as const;
  expect(tell({ ...report, mapping: inner, isPublic: false })).toEqual([
    'client: router 192.168.1.1 maps UDP 10.1.2.3:40001 by PCP, for 7200 s at a time',
    '  its address is private: another NAT lies behind the router',
  ]);
  const none: Report = { ...report, mapping: { state: 'none', reason: 'the router is silent' }, isPublic: false };
  expect(tell(none)).toEqual(['client: no port mapping: the router is silent']);
  expect(tellJson(none)).toMatchObject({ state: 'none', reason: 'the router is silent' });
});

test('stopped: what went through, what was dropped and why, what the system refused', () => {
  const counters = new RoleCounters(RoleCounters.memory(1), 0);
  counters.ports.add(Counter.DatagramsReceived, 5);
  counters.ports.add(Counter.PacketsSent, 4);
  counters.ports.addError(101);
  counters.drops[Drop.MappingMismatch] = 3;
  const report: Report = { type: 'stopped', roles: [role], counters: [counters] };
  expect(tell(report)).toEqual([
    'client: stopped',
    '  IPv4 side: 5 datagrams in, 0 out',
    '  IPv6 side: 0 packets in, 4 out',
    '  dropped: mapping mismatch 3',
    '  refused by the system: ENETUNREACH 1',
  ]);
  expect(tellJson(report)).toMatchObject({
    roles: [{ role: 'client', drops: { 'mapping mismatch': 3 }, errors: { ENETUNREACH: 1 } }],
  });
});

test('announcing: what the tests look at is said once, and who makes no echo is told how', () => {
  const relay = { role: 'relay', interfaceName: 'teredo', ipv4: 0, port: 3545 } as const;
  const stands = (state: 'withdrawn' | 'announced' | 'draining', reason?: string, checks = ['data path', 'echo']) =>
    ({ type: 'announcement', role: relay, state, reason, checks }) as const;
  expect(tell(stands('withdrawn', untested.reason, ['data path', 'native route']))).toEqual([
    'relay: 2001::/32 is withdrawn: the tests have just begun',
    '  each test looks at: data path, native route',
    '  no echo through the tunnel: name clients by --announce-probes',
  ]);
  expect(tell(stands('withdrawn', untested.reason))).toHaveLength(2);
  expect(tell(stands('withdrawn', 'no route'))).toEqual(['relay: 2001::/32 is withdrawn: no route']);
  expect(tell(stands('announced'))).toEqual(['relay: the route to 2001::/32 is there for routing daemons to announce']);
  expect(tellJson(stands('draining'))).toMatchObject({
    type: 'announcement',
    role: 'relay',
    state: 'draining',
    reason: null,
    checks: ['data path', 'echo'],
  });
});
