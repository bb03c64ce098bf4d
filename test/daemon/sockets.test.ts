import { expect, test } from 'vitest';
import { localSockets } from '../../src/daemon/sockets.ts';
import { parseIpv4 } from '../../src/wire/text.ts';

const [first, second] = [parseIpv4('192.0.2.1')!, parseIpv4('192.0.2.2')!];

test('ledger CLI-03, CLI-120, EXT-31: a client opens its service port on all addresses; the others wait for its word', () => {
  const client = {
    role: 'client',
    interfaceName: 'teredo',
    servers: [{ name: '192.0.2.1' }],
    port: 4000,
    refreshIntervalMs: 30_000,
    localDiscovery: true,
    identifyNat: true,
    findRefreshInterval: false,
  } as const;
  const { plans, openAtStart } = localSockets(client);
  expect(plans.map(({ ipv4, port, group }) => [ipv4, port, group])).toEqual([
    [0, 4000, undefined],
    [0, 0, undefined],
    [0, 3544, parseIpv4('224.0.0.253')],
    // The random ports of RFC 6081 §5.4: the client says which when it opens one.
    ...Array.from({ length: 16 }, () => [0, 0, undefined]),
  ]);
  expect(openAtStart).toEqual([0]);
});

test('ledger SRV-01: a server listens on port 3544 of both addresses', () => {
  const { plans, openAtStart } = localSockets({ role: 'server', ipv4: first, ipv4Secondary: second });
  expect(plans.map(({ ipv4, port }) => [ipv4, port])).toEqual([
    [first, 3544],
    [second, 3544],
  ]);
  expect(openAtStart).toEqual([0, 1]);
});

test('ledger REL-01: a relay has one service port, on the address it was given', () => {
  const { plans } = localSockets({ role: 'relay', interfaceName: 'teredo', ipv4: first, port: 3545 });
  expect(plans).toEqual([{ ipv4: first, port: 3545, name: '--address 192.0.2.1 --port 3545' }]);
});
