import { expect, test } from 'vitest';
import type { RoleConfiguration } from '../../../src/daemon/configuration/configuration.ts';
import { ProcessControl } from '../../../src/daemon/control/process-control.ts';
import type { Report } from '../../../src/daemon/reports.ts';
import { TeredoError } from '../../../src/errors.ts';

test('two settings at once that restart the roles: who asked is answered, both of them', async () => {
  const control = running();
  const stop = new AbortController();
  const first = control.beginRound(stop.signal);
  const asked = [control.set({ port: 40_001 }), control.set({ port: 40_002 })];
  expect(first.aborted).toBe(true);
  control.beginRound(stop.signal);
  control.hear(ready);
  expect(await Promise.all(asked)).toMatchObject([{ applied: 'restart' }, { applied: 'restart' }]);
  expect(control.changes).toEqual({ port: 40_002 });
});

test('a setting that roles cannot run with is taken back, and who set it hears why', async () => {
  const control = running();
  const stop = new AbortController();
  control.beginRound(stop.signal);
  const good = control.set({ port: 40_001 });
  control.beginRound(stop.signal);
  control.hear(ready);
  await good;
  const bad = control.set({ port: 53 });
  // What ended is the life before; it says nothing about the setting.
  expect(control.takeBack(taken)).toBe(false);
  control.beginRound(stop.signal);
  expect(control.takeBack(taken)).toBe(true);
  await expect(bad).rejects.toBe(taken);
  expect(control.changes).toEqual({ port: 40_001 });
  // Whatever fails from now on is no setting's doing.
  control.beginRound(stop.signal);
  expect(control.takeBack(taken)).toBe(false);
});

test('a process that is switched off has nothing that could become ready', async () => {
  const control = running();
  const stop = new AbortController();
  control.beginRound(stop.signal);
  const off = control.set({ type: 'disabled' });
  control.beginRound(stop.signal);
  expect((await off).applied).toBe('restart');
});

const taken = new TeredoError('TD-UDP-BIND', 'the port is taken', 'choose another');
const relay: RoleConfiguration = { role: 'relay', interfaceName: 'teredo', ipv4: 0, port: 3545 };
const ready: Report = { type: 'ready', role: relay, localPort: 3545, offloads: [], checksums: 'SIMD' };

function running(): ProcessControl {
  return new ProcessControl({
    version: '1',
    intention: { role: 'relay', type: 'relay', interfaceName: 'teredo' },
    teller: { json: ({ type }) => ({ type }), text: () => [] },
    apply: () => 'restart',
    troubleOf: () => undefined,
    configuration: () => {
      throw new Error('nobody asks for it');
    },
    end: () => {},
    report: () => {},
  });
}
