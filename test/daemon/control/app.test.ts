import { expect, test } from 'vitest';
import { settle } from '../../../src/daemon/configuration/settings.ts';
import { configurationJson } from '../../../src/daemon/configuration/told.ts';
import { controlApp } from '../../../src/daemon/control/app.ts';
import type { Changes, Wanted } from '../../../src/daemon/control/changes.ts';
import { changed } from '../../../src/daemon/control/changes.ts';
import type { Controlled } from '../../../src/daemon/control/controlled.ts';
import { EventFeed } from '../../../src/daemon/control/event-feed.ts';
import { peerPage } from '../../../src/daemon/peer-page.ts';
import { TeredoError } from '../../../src/errors.ts';
import { PeerTable } from '../../../src/peers/peer-table.ts';
import { clientStatus, statusOf } from '../../text/status-support.ts';

test('/v1/status, /v1/process and /v1/address', async () => {
  const { app } = running();
  expect(await json(app.request('/v1/status'))).toMatchObject({ schemaVersion: 1, roles: [{ state: 'qualified' }] });
  expect(await json(app.request('/v1/process'))).toMatchObject({ schemaVersion: 1, pid: 4711 });
  expect(await json(app.request('/v1/address'))).toEqual({ schemaVersion: 1, address: '2001:0:1::1' });
});

test('/v1/peers: page after page tells every peer once', async () => {
  const { app } = running(2_500);
  const seen = new Set<string>();
  let pages = 0;
  for (let from: number | null = 0; from !== null; pages++) {
    const page: { peers: { address: string }[]; next: number | null; total: number } = await json(
      app.request(`/v1/peers?from=${from}&max=1000`),
    );
    expect(page.total).toBe(2_500);
    for (const { address } of page.peers) seen.add(address);
    from = page.next;
  }
  expect([seen.size, pages]).toEqual([2_500, 3]);
});

test.each(['max=0', 'max=5000', 'from=-1', 'role=x', 'max=1e3'])(
  '/v1/peers?%s: 400 with code and reason',
  async (query) => {
    const response = await running().app.request(`/v1/peers?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ schemaVersion: 1, type: 'error', code: 'TD-USAGE' });
  },
);

test('/v1/set: what is understood is handed on, what is not is refused', async () => {
  const { app, wanted } = running();
  const done = await json(post(app, '/v1/set', { server: 'teredo.example', port: 40_000 }));
  expect(done).toMatchObject({ applied: 'restart', changes: { server: 'teredo.example', port: 40_000 } });
  expect(wanted).toEqual([{ server: 'teredo.example', port: 40_000 }]);
  for (const bad of [
    { port: 0 },
    { port: '1' },
    { server: '224.0.0.1' },
    { server: 'a b' },
    { sever: 'x' },
    17,
    { type: 'x' },
  ]) {
    expect((await post(app, '/v1/set', bad)).status).toBe(400);
  }
  expect(wanted).toHaveLength(1);
});

test('/v1/drain: a client cannot be drained; seconds are checked', async () => {
  const { app } = running();
  expect(await json(post(app, '/v1/drain', {}))).toMatchObject({ code: 'TD-DRAIN-CLIENT' });
  expect(await json(post(app, '/v1/drain', { seconds: -1 }))).toMatchObject({ code: 'TD-USAGE' });
});

test('/healthz and /readyz: 503 as soon as the data path is silent', async () => {
  const well = running().app;
  expect([(await well.request('/healthz')).status, (await well.request('/readyz')).status]).toEqual([200, 200]);
  const ill = running(0, false).app;
  expect([(await ill.request('/healthz')).status, (await ill.request('/readyz')).status]).toEqual([503, 503]);
});

test('what is not there: 404 with a code', async () => {
  const response = await running().app.request('/v2/nothing');
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'TD-USAGE' });
});

test('changes: "default" takes back; a role has only what belongs to it', () => {
  const first = changed({}, { server: 'a.example', port: 4_000 }, 'client');
  expect(changed(first, { server: 'default' }, 'client')).toEqual({ port: 4_000 });
  expect(() => changed({}, { type: 'relay' }, 'client')).toThrow('cannot become a relay');
  expect(() => changed({}, { server: 'a.example' }, 'relay')).toThrow('a relay has no server to set');
  expect(() => changed({}, { port: 1 }, 'server')).toThrow('3544');
  expect(changed({}, { type: 'disabled' }, 'server')).toEqual({ type: 'disabled' });
});

function running(peers = 0, isAlive = true) {
  const wanted: Wanted[] = [];
  let changes: Changes = {};
  const controlled: Controlled = {
    events: new EventFeed({ json: (report) => ({ ...report }), text: () => [] }),
    status: async () => ({ ...statusOf(clientStatus()), isWell: isAlive }),
    counters: () => [clientStatus().counters],
    configuration: () => configurationJson(settle({})),
    address: () => '2001:0:1::1',
    peers: async (role, from, max) => (role === 0 ? peerPage(table(peers), from, max, 1_000) : undefined),
    ping: async () => isAlive,
    set: async (what) => {
      wanted.push(what);
      changes = changed(changes, what, 'client');
      return { changes, applied: 'restart' };
    },
    reset: async () => {},
    drain: async () => {
      throw new TeredoError('TD-DRAIN-CLIENT', 'a client serves nobody');
    },
    capture: async () => (async function* () {})(),
    echo: async () => new Uint8Array(16),
    bugReport: async () => {
      throw new Error('not asked for here');
    },
  };
  return { app: controlApp(controlled), wanted };
}

function table(count: number): PeerTable {
  const peers = new PeerTable(Math.max(count, 1), Math.max(count, 1), 1, () => {});
  const address = new Uint8Array(16);
  for (let number = 0; number < count; number++) {
    new DataView(address.buffer).setUint32(12, number);
    peers.add(address, 0, 1);
  }
  return peers;
}

function post(app: ReturnType<typeof controlApp>, path: string, body: unknown) {
  const headers = { 'content-type': 'application/json' };
  return app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function json<T = Record<string, unknown>>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T;
}
