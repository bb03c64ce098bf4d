import { expect, test } from 'vitest';
import { ProcessControl } from '../../../src/daemon/control/process-control.ts';

test('two settings at once that restart the roles: who asked is answered, both of them', async () => {
  const control = running();
  const stop = new AbortController();
  const first = control.beginRound(stop.signal);
  const asked = [control.set({ port: 40_001 }), control.set({ port: 40_002 })];
  expect(first.aborted).toBe(true);
  control.beginRound(stop.signal);
  expect(await Promise.all(asked)).toMatchObject([{ applied: 'restart' }, { applied: 'restart' }]);
  expect(control.changes).toEqual({ port: 40_002 });
});

function running(): ProcessControl {
  return new ProcessControl({
    version: '1',
    intention: { role: 'relay', type: 'relay', interfaceName: 'teredo' },
    teller: { json: ({ type }) => ({ type }), text: () => [] },
    apply: () => 'restart',
    configuration: () => {
      throw new Error('nobody asks for it');
    },
    end: () => {},
    report: () => {},
  });
}
