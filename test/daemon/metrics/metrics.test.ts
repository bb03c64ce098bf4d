import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAMILIES } from '../../../src/daemon/metrics/families.ts';
import { Metrics } from '../../../src/daemon/metrics/metrics.ts';
import { metricsPage } from '../../../src/daemon/metrics/page.ts';
import { casesOf } from '../../../src/roles/case.ts';
import { Drop, dropName } from '../../../src/roles/drop.ts';
import { clientStatus, statusOf } from '../../text/status-support.ts';

test('every reason of a drop is there before it has happened, and every limit', async () => {
  const text = await new Metrics().text(statusOf(clientStatus()));
  for (const reason of Object.values(Drop))
    expect(text).toContain(`teredo_drops_total{role="client",reason="${dropName(reason)}"} `);
  expect(text).toContain('teredo_drops_total{role="client",reason="rate limited"} 12000');
  expect(text).toContain('teredo_limit_bit_total{role="client",limit="answers-per-address"} 12000');
  expect(text).toContain('teredo_state{role="client",state="qualified"} 1');
  expect(text).toContain('teredo_state{role="client",state="dormant"} 0');
});

test('every case of the RFCs that the role can have is there before it has happened', async () => {
  const text = await new Metrics().text(statusOf(clientStatus()));
  const told = text.match(/^teredo_cases_total\{.*$/gm)!;
  expect(told).toHaveLength(casesOf('client').length);
  expect(told).toContain('teredo_cases_total{role="client",case="direct bubbles sent"} 7');
  expect(told).toContain('teredo_cases_total{role="client",case="connectivity tests answered"} 0');
});

test('what is read twice is told twice, not added up', async () => {
  const metrics = new Metrics();
  await metrics.text(statusOf(clientStatus()));
  expect(await metrics.text(statusOf(clientStatus()))).toContain('teredo_datagrams_received_total{role="client"} 1234');
});

test('two roles of one process are told apart', async () => {
  const roles = [clientStatus({ role: 'server' }), clientStatus({ role: 'relay' })];
  const text = await new Metrics().text(statusOf(...roles));
  expect(text.match(/^teredo_datagrams_sent_total\{role="(server|relay)"\} 56$/gm)).toHaveLength(2);
});

test('names are Prometheus names: totals are counters and only they', () => {
  for (const { name, type } of FAMILIES) {
    expect(name).toMatch(/^teredo_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
  }
});

test('docs/metrics.md is what the code says (npm run metrics writes it)', () => {
  expect(readFileSync('docs/metrics.md', 'utf8')).toBe(metricsPage());
});

test.each(['examples/grafana-dashboard.json', 'examples/prometheus-alerts.yml'])(
  '%s names only metrics that are',
  (path) => {
    const text = readFileSync(path, 'utf8');
    const known = new Set(FAMILIES.map(({ name }) => name));
    // What is called, selected from, or asked for its labels.
    const named = [...text.matchAll(/\bteredo_[a-z0-9_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  },
);
