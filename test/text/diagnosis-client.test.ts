import { expect, test } from 'vitest';
import { found, unknown } from '../../src/daemon/diagnosis/finding.ts';
import { besideRunning, isTroubled } from '../../src/daemon/diagnosis/running-client.ts';
import { clientStatus } from './status-support.ts';

test('how the running client stands comes first', () => {
  const [first] = besideRunning([], clientStatus());
  expect(first).toMatchObject({ id: 'running-client', code: 'TD-RUNNING-CLIENT-QUALIFIED', value: 'qualified' });
  expect(first!.detail).toBe(
    '2001:0:cb00:7101:25:b6a5:399b:9bf8, server teredo.example, 192.0.2.10:52865 seen as 198.51.100.7:18778',
  );
});

test('what could not be measured is taken from it and marked; what was measured stays, and a difference is named', () => {
  const measured = [
    unknown('hairpinning', 'no time left'),
    found('port-allocation', 'random'),
    found('nat-filtering', 'address-dependent'),
    unknown('mapping-lifetime', 'not asked'),
    found('nat-mapping', 'none', 'no NAT'),
  ];
  expect(besideRunning(measured, clientStatus()).slice(1)).toEqual([
    found('hairpinning', 'no', 'told by the running client'),
    measured[1],
    found('nat-filtering', 'address-dependent', 'the running client was told "address-and-port-dependent"'),
    measured[3],
    measured[4],
  ]);
  expect(besideRunning(measured, clientStatus({ nat: null })).slice(1)).toEqual(measured);
});

test('a client that is dormant is well, one that probes or is offline is not', () => {
  const troubled = (['qualified', 'dormant', 'probe (primary server)', 'offline'] as const).filter((state) =>
    isTroubled(clientStatus({ state })),
  );
  expect(troubled).toEqual(['probe (primary server)', 'offline']);
});
