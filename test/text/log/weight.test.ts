import { expect, test } from 'vitest';
import { detail, isHeavyEnough, kindOf, levelOf } from '../../../src/cli/log/weight.ts';
import { tell } from '../../../src/cli/story.ts';
import type { Report } from '../../../src/daemon/reports.ts';
import type { RoleEvent } from '../../../src/roles/role.ts';
import { parseIpv4, parseIpv6 } from '../../../src/wire/text.ts';

const role = { role: 'relay', interfaceName: 'teredo', ipv4: 0, port: 3545 } as const;
const peer = parseIpv6('2001:0:cb00:7101:18a5:63be:3fff:fdd2')!;
const mapped = { ipv4: parseIpv4('192.0.2.45')!, port: 40_001 };

test('each level has in it what is heavier', () => {
  expect(isHeavyEnough('warn', 'info')).toBe(true);
  expect(isHeavyEnough('info', 'info')).toBe(true);
  expect(isHeavyEnough('debug', 'info')).toBe(false);
  expect(isHeavyEnough('warn', 'error')).toBe(false);
});

test('warnings and what ends a service weigh more; what each peer does weighs less, and has words of its own', () => {
  expect(levelOf({ type: 'warning', code: 'TD-X', message: '', next: '' })).toBe('warn');
  expect(levelOf({ type: 'draining', seconds: 3 })).toBe('info');
  const trusted = event({ type: 'peer-trusted', peer, mapped });
  expect([levelOf(trusted), tell(trusted), detail(trusted)]).toEqual([
    'debug',
    [],
    ['relay: 2001:0:cb00:7101:18a5:63be:3fff:fdd2 has shown itself, at 192.0.2.45:40001'],
  ]);
  const socket = event({ type: 'socket', via: 2, open: true, port: 3545 });
  expect([levelOf(socket), detail(socket)]).toEqual(['trace', ['relay: local socket 2: wanted on port 3545']]);
});

test('changes of state are told whatever else was; per-peer events, warnings and words of hooks are limited', () => {
  expect(kindOf({ type: 'reloaded', applied: [], waiting: [] })).toBeUndefined();
  expect(kindOf(event({ type: 'refresh-interval', intervalMs: 1 }))).toBeUndefined();
  expect(kindOf({ type: 'warning', code: 'TD-X', message: 'a', next: '' })).toBe('warning TD-X');
  expect(kindOf({ type: 'hook', hook: 'up', program: '/x', text: 'a' })).toBe('hook up');
  const reason = 'no relay answered for it';
  expect(kindOf(event({ type: 'peer-unreachable', peer, reason }))).toBe(`peer-unreachable (${reason})`);
});

function event(of: RoleEvent): Report {
  return { type: 'event', role, event: of };
}
