import { expect, test } from 'vitest';
import { DropRates } from '../../web/src/model/drop-rates.ts';
import { islandOf } from '../../web/src/model/island.ts';
import { StateTimeline } from '../../web/src/model/state-timeline.ts';
import { Traffic } from '../../web/src/model/traffic.ts';
import { clientStatus, statusOf } from '../text/status-support.ts';

const ROOM = { direct: 2, native: 2 };
const PEER = { trusted: true, heardAgoMs: 1_000, sentAgoMs: 1_000, knownForMs: 5_000 };

test('the island of a client: behind its NAT, before its servers; those peers are drawn that were heard last', () => {
  const teredo = (last: string, heardAgoMs: number) => ({
    ...PEER,
    heardAgoMs,
    address: `2001:0:c000:201:0:1234:39cc:9b${last}`,
    path: 'direct' as const,
    endpoint: `198.51.100.${Number.parseInt(last, 16) ^ 0xff}:40000`,
  });
  const native = {
    ...PEER,
    address: '2001:db8::5',
    path: 'relay' as const,
    endpoint: '192.0.2.9:3545',
  };
  const island = islandOf(
    statusOf(clientStatus()),
    [teredo('b1', 9_000), teredo('b2', 100), teredo('b3', 200), native],
    ROOM,
  );
  expect(island.drawn).toBe(3);
  expect(island.nodes.map(({ kind }) => kind)).toEqual([
    'NAT',
    'client',
    'server',
    'server',
    'IPv6 host',
    'relay',
    'client',
    'client',
  ]);
  expect(island.ways.map(({ stations, state }) => `${stations.join(' ')}: ${state}`)).toEqual([
    'this host NAT server: kept',
    'this host NAT 192.0.2.9:3545 2001:db8::5: relayed',
    'this host NAT 2001:0:c000:201:0:1234:39cc:9bb2: direct',
    'this host NAT 2001:0:c000:201:0:1234:39cc:9bb3: direct',
  ]);
});

test('a peer that has not answered is asked; one that fell silent has no way', () => {
  const asked = { ...PEER, trusted: false, address: '2001:0:c000:201::', path: 'none' as const, endpoint: null };
  const silent = { ...PEER, heardAgoMs: 31_000, address: '2001:0:c000:201::1', path: 'direct' as const };
  const { ways, nodes } = islandOf(statusOf(clientStatus()), [asked, { ...silent, endpoint: '198.51.100.7:1' }], ROOM);
  expect(ways.map(({ state }) => state)).toEqual(['kept', 'punching']);
  expect(nodes.find(({ name }) => name === silent.address)?.words).toBe('quiet');
});

test('states over time: remembered events first, then the status, and a gap while nobody is heard', () => {
  const timeline = new StateTimeline();
  const at = Date.parse('2026-11-23T12:00:00.000Z');
  const event = (type: string, seconds: number, id: number) => ({
    id,
    type,
    role: 'client',
    time: new Date(at + 1_000 * seconds).toISOString(),
    text: [],
  });
  timeline.hearEvents([event('starting', 0, 1), event('qualified', 2, 2)]);
  const status = statusOf(clientStatus({ state: 'qualified', since: new Date(at + 2_000).toISOString() }));
  timeline.hearStatus({ at: at + 5_000, status, answeredInMs: 1 });
  timeline.lose(at + 9_000);
  timeline.hearStatus({ at: at + 12_000, status, answeredInMs: 1 });
  expect(timeline.spans.value.get('client')).toEqual([
    { from: at, to: at + 2_000, standing: 'probe' },
    { from: at + 2_000, to: at + 9_000, standing: 'qualified' },
    { from: at + 9_000, to: at + 12_000, standing: 'unheard' },
    { from: at + 12_000, to: undefined, standing: 'qualified' },
  ]);
});

test('rates come from counts: a process that began anew has none below zero', () => {
  const traffic = new Traffic();
  const counters = (datagramsReceived: number) => [{ ...clientStatus().counters, datagramsReceived }];
  traffic.hear({ at: 0, roles: counters(1_000) });
  traffic.hear({ at: 1_000, roles: counters(1_500) });
  traffic.hear({ at: 2_000, roles: counters(10) });
  traffic.hear({ at: 3_000, roles: counters(30) });
  expect(traffic.points.value.map(({ at, receivedPerSecond }) => [at, receivedPerSecond])).toEqual([
    [1_000, 500],
    [3_000, 20],
  ]);

  const drops = new DropRates();
  const role = (count: number) => [clientStatus({ drops: { 'not for us': count }, errors: {} })];
  drops.hear(0, role(5));
  drops.hear(2_000, role(25));
  expect(drops.lines.value).toMatchObject([{ reason: 'not for us', count: 25, perSecond: 10 }]);
  drops.hear(20_000, role(25));
  expect(drops.lines.value).toMatchObject([{ count: 25, perSecond: 0 }]);
});
