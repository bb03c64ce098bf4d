import { type Context, Hono } from 'hono';
import { asTeredoError, TeredoError } from '../../errors.ts';
import { PAGE_MAX } from '../peer-page.ts';
import type { Controlled } from './controlled.ts';
import { peersJson } from './peer-json.ts';

/** Peers in one answer, unless asked otherwise. */
const PEERS_USUAL = 1_000;

/** The control interface as HTTP routes, whoever serves them: every object has a `schemaVersion`. */
export function controlApp(controlled: Controlled): Hono {
  const app = new Hono();
  app.get('/v1/status', async (context) => context.json(await controlled.status()));
  app.get('/v1/process', async (context) => {
    const { process } = await controlled.status();
    return context.json({ schemaVersion: 1, ...process });
  });
  app.get('/v1/address', (context) => context.json({ schemaVersion: 1, address: controlled.address() ?? null }));
  app.get('/v1/peers', async (context) => {
    const role = whole(context, 'role', 0, 0, 15);
    const from = whole(context, 'from', 0, 0, 2 ** 31);
    const max = whole(context, 'max', PEERS_USUAL, 1, PAGE_MAX);
    const page = await controlled.peers(role, from, max);
    if (page === undefined) throw usage('role', 'there is no such role, or it keeps no list of peers');
    const { roles } = await controlled.status();
    return context.json(peersJson(roles[role]?.role ?? 'unknown', page));
  });
  app.get('/healthz', async (context) => {
    const isAlive = await controlled.ping();
    return context.text(isAlive ? 'ok\n' : 'the data path does not answer\n', isAlive ? 200 : 503);
  });
  app.get('/readyz', async (context) => {
    const { isWell, verdict } = await controlled.status();
    return context.text(`${verdict}\n`, isWell ? 200 : 503);
  });
  app.notFound((context) => answer(context, usage(context.req.path, 'there is nothing here'), 404));
  app.onError((error, context) => {
    const known = asTeredoError(error);
    return answer(context, known, known.code.startsWith('TD-USAGE') ? 400 : 503);
  });
  return app;
}

/** A whole number of the query. Errors: TD-USAGE. */
function whole(context: Context, name: string, usual: number, least: number, most: number): number {
  const text = context.req.query(name);
  if (text === undefined) return usual;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usage(name, `choose a whole number from ${least} to ${most}`);
}

export function usage(what: string, reason: string): TeredoError {
  return new TeredoError('TD-USAGE', `${what}: ${reason}`, 'see "teredo --help"');
}

function answer(context: Context, { code, message, next }: TeredoError, status: 400 | 404 | 503) {
  return context.json({ schemaVersion: 1, type: 'error', code, message, next }, status);
}
