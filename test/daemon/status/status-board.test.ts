import { expect, test } from 'vitest';
import type { ClientConfiguration, RelayConfiguration } from '../../../src/daemon/configuration/configuration.ts';
import { RoleCounters } from '../../../src/daemon/counters.ts';
import type { Report } from '../../../src/daemon/reports.ts';
import { StatusBoard } from '../../../src/daemon/status/status-board.ts';
import { TeredoError } from '../../../src/errors.ts';
import { parseIpv4, parseIpv6 } from '../../../src/wire/text.ts';

const server = parseIpv4('203.0.113.1')!;
const serverSecondary = parseIpv4('203.0.113.2')!;
const client: ClientConfiguration = {
  role: 'client',
  interfaceName: 'teredo',
  servers: [{ name: 'server.example' }],
  port: 0,
  refreshIntervalMs: 30_000,
  localDiscovery: true,
  identifyNat: true,
  findRefreshInterval: false,
};
const relay: RelayConfiguration = { role: 'relay', interfaceName: 'teredo', ipv4: 0, port: 3545 };
const ready = { localPort: 40_000, offloads: [], checksums: 'SIMD' } as const;
const mapped = { ipv4: parseIpv4('198.51.100.7')!, port: 18_778 };
const qualified: Report = {
  type: 'qualified',
  role: client,
  event: {
    type: 'qualified',
    address: parseIpv6('2001:0:cb00:7101:25:b6a5:399b:9bf8')!,
    mtu: 1280,
    mapped,
    nat: 'restricted',
    server: { ipv4: server, port: 3544 },
  },
  local: { ipv4: parseIpv4('192.0.2.10')!, port: 40_000 },
};

test('before its roles are made, a process is offline, with what stands in the way', () => {
  const board = boardOf();
  expect(board.status(undefined).roles).toMatchObject([{ role: 'client', state: 'offline', error: null }]);
  board.hear({ type: 'warning', code: 'TD-SERVER-NAME', message: 'cannot find the server x', next: 'wait' });
  const { verdict, isWell, roles } = board.status(undefined);
  expect([verdict, isWell]).toEqual(['Client offline: cannot find the server x.', false]);
  expect(roles[0]).toMatchObject({
    server: { name: 'server.example', address: null },
    error: { code: 'TD-SERVER-NAME' },
  });
});

test('a client goes from probe to qualified to offline, each with what belongs to it', () => {
  const board = begun();
  expect(state(board)).toBe('offline');
  board.hear({ type: 'ready', role: client, ...ready });
  board.hear(starting(server));
  expect(state(board)).toBe('probe (primary server)');
  board.hear(starting(serverSecondary));
  expect(state(board)).toBe('probe (secondary server)');
  board.hear(qualified);
  expect(board.address).toBe('2001:0:cb00:7101:25:b6a5:399b:9bf8');
  expect(board.status([[]])).toMatchObject({
    verdict: 'Client qualified: this host has the IPv6 address 2001:0:cb00:7101:25:b6a5:399b:9bf8.',
    isWell: true,
    roles: [
      {
        mapping: { local: '192.0.2.10:40000', external: '198.51.100.7:18778' },
        nat: { type: 'restricted', hairpinning: 'unknown' },
        server: { name: 'server.example', address: '203.0.113.1', secondary: '203.0.113.2' },
        port: 40_000,
        clientPort: null,
      },
    ],
  });
  board.hear({ type: 'event', role: client, event: { type: 'nat-identified', nat: 'cone' } });
  expect(board.status([[]]).roles[0]!.nat!.type).toBe('cone');
  const event = { type: 'off-line', reason: 'primary server unreachable', retryAt: 0 } as const;
  board.hear({ type: 'off-line', role: client, event, retryInMs: 4_000 });
  expect(board.address).toBeUndefined();
  expect(board.status([[]])).toMatchObject({
    isWell: false,
    roles: [{ state: 'offline', address: null, mapping: null, error: { code: 'TD-CLIENT-SERVER-UNREACHABLE' } }],
  });
});

test('a relay is online once it is ready, draining when told, and offline at the end', () => {
  const board = new StatusBoard({ version: '1.2.3' }, { role: 'relay', type: 'relay', interfaceName: 'teredo' });
  board.begin([relay], [counters()]);
  board.hear({ type: 'ready', role: relay, ...ready, localPort: 3545 });
  expect(board.status([[]])).toMatchObject({ isWell: true, roles: [{ type: 'relay', state: 'online', port: 3545 }] });
  board.drain();
  expect(board.status([[]])).toMatchObject({ isWell: false, roles: [{ state: 'draining' }] });
  board.hear({ type: 'stopped', roles: [relay], counters: [] });
  expect(state(board)).toBe('offline');
});

test('a relay whose host forwards nothing is online, but not well, until that is mended', () => {
  let trouble: TeredoError | undefined = new TeredoError('TD-FORWARDING-OFF', 'it serves nobody', 'sysctl');
  const about = { version: '1', troubleOf: () => trouble };
  const board = new StatusBoard(about, { role: 'relay', type: 'relay', interfaceName: 'teredo' });
  board.begin([relay], [counters()]);
  board.hear({ type: 'ready', role: relay, ...ready });
  expect(board.status([[]])).toMatchObject({ isWell: false, verdict: 'Relay online, but it serves nobody.' });
  trouble = undefined;
  expect(board.status([[]])).toMatchObject({ isWell: true, roles: [{ error: null }] });
});

test('a relay that announces is well while it does; withdrawn and draining it says why', () => {
  const announce = { rise: 3, fall: 3, holdMs: 30_000, intervalMs: 5_000, probes: [] };
  const role = { ...relay, announce };
  const board = new StatusBoard({ version: '1' }, { role: 'relay', type: 'relay', interfaceName: 'teredo' });
  board.begin([role], [new RoleCounters(RoleCounters.memory(1), 0)]);
  board.hear({ type: 'ready', role, ...ready });
  const stands = (state: 'withdrawn' | 'announced' | 'draining', reason?: string) => {
    board.hear({ type: 'announcement', role, state, reason, checks: ['data path', 'native route'] });
    const { verdict, isWell, roles } = board.status([[]]);
    return [verdict, isWell, roles[0]!.announcement?.state, roles[0]!.announcement?.reason];
  };
  expect(stands('withdrawn', 'no echo')).toEqual([
    'Relay online, but it announces nothing: no echo.',
    false,
    'withdrawn',
    'no echo',
  ]);
  expect(stands('announced')).toEqual([
    'Relay online: 2001::/32 leads into teredo for what this host forwards.',
    true,
    'announced',
    null,
  ]);
  expect(stands('draining')).toEqual([
    'Relay draining: 2001::/32 is withdrawn, what still comes is served.',
    false,
    'draining',
    null,
  ]);
});

test('a data path that does not answer is told, and is not well', () => {
  const board = begun();
  board.hear(qualified);
  expect(board.status(undefined)).toMatchObject({
    isWell: false,
    dataPath: { answers: false },
    roles: [{ limits: null }],
  });
  expect(board.status(undefined).verdict).toMatch(/The thread that carries packets does not answer\.$/);
});

test('only the last warnings are kept', () => {
  const board = begun();
  for (let number = 0; number < 1000; number++) {
    board.hear({ type: 'warning', code: `TD-${number}`, message: '', next: '' });
  }
  const { warnings } = board.status([[]]);
  expect(warnings).toHaveLength(20);
  expect(warnings.at(-1)!.code).toBe('TD-999');
});

function boardOf(): StatusBoard {
  const intention = { role: 'client', type: 'client', interfaceName: 'teredo', serverName: 'server.example' } as const;
  return new StatusBoard({ version: '1.2.3' }, intention);
}

function begun(): StatusBoard {
  const board = boardOf();
  board.begin([client], [counters()]);
  return board;
}

function counters(): RoleCounters {
  return new RoleCounters(RoleCounters.memory(1), 0);
}

function starting(ipv4: number): Report {
  const phase = ipv4 === server ? 'primary' : 'secondary';
  return { type: 'event', role: client, event: { type: 'starting', server: { ipv4, port: 3544 }, phase, attempt: 1 } };
}

function state(board: StatusBoard): string {
  return board.status([[]]).roles[0]!.state;
}
