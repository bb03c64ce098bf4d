import { expect, test } from 'vitest';
import { clientHookEnvironment } from '../../src/daemon/hooks/client-hook.ts';
import type { TunnelState } from '../../src/daemon/hooks/tunnel-state.ts';

const DOWN: TunnelState = { state: 'down', reason: 'not started' };
const UP: TunnelState = { state: 'up', address: '2001:0:c000:201::1', mtu: 1280 };
const ELSEWHERE: TunnelState = { state: 'up', address: '2001:0:c000:201::2', mtu: 1280 };
const GONE: TunnelState = { state: 'gone' };

const hook = (was: TunnelState, is: TunnelState) => clientHookEnvironment('teredo', 7, was, is);

test("Miredo's client hook: the new values come as they are, the old ones with OLD_", () => {
  const common = { IFACE: 'teredo', IFINDEX: '7' };
  const values = { ADDRESS: '2001:0:c000:201::1', LLADDRESS: 'fe80::ffff:ffff:ffff', MTU: '1280' };
  const old = { OLD_ADDRESS: '2001:0:c000:201::1', OLD_LLADDRESS: 'fe80::ffff:ffff:ffff', OLD_MTU: '1280' };
  expect(hook(DOWN, UP)).toEqual({ ...common, STATE: 'up', OLD_STATE: 'down', ...values });
  expect(hook(UP, ELSEWHERE)).toEqual({
    ...common,
    STATE: 'up',
    OLD_STATE: 'up',
    ...values,
    ADDRESS: '2001:0:c000:201::2',
    ...old,
  });
  expect(hook(UP, DOWN)).toEqual({ ...common, STATE: 'down', OLD_STATE: 'up', ...old });
  expect(hook(UP, GONE)).toEqual({ ...common, STATE: 'destroy', OLD_STATE: 'up', ...old });
  expect(hook(DOWN, GONE)).toEqual({ ...common, STATE: 'destroy', OLD_STATE: 'down' });
});

test("Miredo's client hook is not called when nothing changes for it", () => {
  expect(hook(UP, { ...UP })).toBeUndefined();
  expect(hook(DOWN, { ...DOWN, reason: 'symmetric NAT' })).toBeUndefined();
});
