import { describe, expect, test } from 'vitest';
import { pageApp } from '../../src/daemon/web/page-app.ts';

const HOST = '127.0.0.1:8000';
const TOKEN = 'a-token';
const files = new Map([
  ['index.html', { bytes: new TextEncoder().encode('<!doctype html>'), type: 'text/html; charset=utf-8' }],
  ['assets/page.js', { bytes: new TextEncoder().encode('1'), type: 'text/javascript; charset=utf-8' }],
]);
const app = pageApp({ files, token: TOKEN, host: () => HOST });

describe('with the token', () => {
  test('the page and its files are there, with a policy that allows nothing else', async () => {
    const page = await get(`/${TOKEN}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toBe('<!doctype html>');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect((await get(`/${TOKEN}/assets/page.js`, { origin: `http://${HOST}` })).status).toBe(200);
    expect((await get(`/${TOKEN}`)).headers.get('location')).toBe(`/${TOKEN}/`);
  });

  test.each(['nothing.js', '../page-app.ts', '%2e%2e/secret', 'assets'])(
    'what is no file of the page is not there: %s',
    async (path) => {
      expect((await get(`/${TOKEN}/${path}`)).status).not.toBe(200);
    },
  );

  test('a foreign host or origin gets nothing all the same', async () => {
    for (const host of ['evil.example', 'localhost:8000', '127.0.0.1:8001', '']) {
      expect((await get(`/${TOKEN}/`, { host })).status).toBe(421);
    }
    for (const origin of ['http://evil.example', 'null', 'https://127.0.0.1:8000', 'http://127.0.0.1:8001']) {
      expect((await get(`/${TOKEN}/`, { origin })).status).toBe(403);
    }
  });
});

test.each(['/', '/index.html', '/assets/page.js', '/a-toke/', '/a-token2/', '/A-TOKEN/'])(
  'without the token nothing: %s',
  async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('doctype');
  },
);

describe('what the page asks', () => {
  const asked: string[] = [];
  const dashboard = pageApp({
    files,
    token: TOKEN,
    host: () => HOST,
    upstream: (path) => {
      asked.push(path);
      return path.startsWith('/v1/peers') ? new Response('none', { status: 400 }) : Response.json({ path });
    },
  });
  const ask = (path: string, init: RequestInit = {}) =>
    dashboard.request(`http://${HOST}${path}`, { ...init, headers: { host: HOST, ...init.headers } });

  test('goes on with its query; that there are no peers is no failure', async () => {
    const status = await ask(`/${TOKEN}/v1/status?a=1`);
    expect(await status.json()).toEqual({ path: '/v1/status?a=1' });
    expect(status.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await ask(`/${TOKEN}/v1/peers?role=0`)).status).toBe(204);
  });

  test('is looking alone: nothing else is passed on, and nothing without token or from elsewhere', async () => {
    asked.length = 0;
    for (const what of ['set', 'reset', 'drain', 'bugreport', 'metrics', 'status/x', '..%2fset']) {
      expect((await ask(`/${TOKEN}/v1/${what}`)).status).toBe(404);
    }
    expect((await ask(`/${TOKEN}/v1/status`, { method: 'POST' })).status).toBe(404);
    expect((await ask('/v1/status')).status).toBe(403);
    expect((await ask('/other/v1/status')).status).toBe(403);
    expect((await ask(`/${TOKEN}/v1/status`, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    expect((await ask(`/${TOKEN}/v1/status`, { headers: { host: 'evil.example' } })).status).toBe(421);
    expect(asked).toEqual([]);
  });
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(app.request(`http://${HOST}${path}`, { headers: { host: HOST, ...headers } }));
}
