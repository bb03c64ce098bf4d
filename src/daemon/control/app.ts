import { type Context, Hono } from 'hono';
import { asTeredoError, type TeredoError } from '../../errors.ts';
import { addHealth } from '../metrics/routes.ts';
import { PAGE_MAX } from '../peer-page.ts';
import { parseWanted } from './changes.ts';
import type { Controlled } from './controlled.ts';
import { eventStream } from './event-stream.ts';
import { liveStream } from './live-stream.ts';
import { peersJson } from './peer-json.ts';
import { tapRoutes } from './tap-routes.ts';
import { usage } from './usage.ts';

/** Peers in one answer, unless asked otherwise. */
const PEERS_USUAL = 1_000;
/** A relay forwards on for so long, unless asked otherwise: longer than clients believe in a silent peer (30 s). */
const DRAIN_USUAL_SECONDS = 45;
const DRAIN_MAX_SECONDS = 86_400;

/** The control interface as HTTP routes, whoever serves them: every object has a `schemaVersion`. */
export function controlApp(controlled: Controlled): Hono {
  const app = new Hono();
  addQuestions(app, controlled);
  addCommands(app, controlled);
  addHealth(app, controlled);
  app.route('/', tapRoutes(controlled));
  app.notFound((context) => answer(context, usage(context.req.path, 'there is nothing here'), 404));
  app.onError((error, context) => {
    const known = asTeredoError(error);
    return answer(context, known, /^TD-(USAGE|SET|DRAIN|PING)/.test(known.code) ? 400 : 503);
  });
  return app;
}

function addQuestions(app: Hono, controlled: Controlled): void {
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
  app.get('/v1/events', (context) => {
    const asked = context.req.query('after') ?? context.req.header('last-event-id');
    const after = asked === undefined ? Number.MAX_SAFE_INTEGER : Number(asked);
    return eventStream(context, controlled.events, Number.isInteger(after) ? after : 0);
  });
  app.get('/v1/live', (context) => liveStream(context, controlled));
  app.get('/v1/configuration', (context) => context.json(controlled.configuration()));
  app.get('/v1/bugreport', async (context) => context.json(await controlled.bugReport()));
}

function addCommands(app: Hono, controlled: Controlled): void {
  app.post('/v1/set', async (context) => {
    const done = await controlled.set(parseWanted(await json(context)));
    return context.json({ schemaVersion: 1, ...done });
  });
  app.post('/v1/reset', async (context) => {
    await controlled.reset();
    return context.json({ schemaVersion: 1 });
  });
  app.post('/v1/drain', async (context) => {
    const { seconds = DRAIN_USUAL_SECONDS } = (await json(context)) as { seconds?: unknown };
    if (!Number.isInteger(seconds) || (seconds as number) < 0 || (seconds as number) > DRAIN_MAX_SECONDS) {
      throw usage('seconds', `choose a whole number from 0 to ${DRAIN_MAX_SECONDS}`);
    }
    await controlled.drain(seconds as number);
    return context.json({ schemaVersion: 1, seconds });
  });
}

/** A whole number of the query. Errors: TD-USAGE. */
function whole(context: Context, name: string, usual: number, least: number, most: number): number {
  const text = context.req.query(name);
  if (text === undefined) return usual;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usage(name, `choose a whole number from ${least} to ${most}`);
}

async function json(context: Context): Promise<object> {
  const value: unknown = await context.req.json().catch(() => undefined);
  if (typeof value === 'object' && value !== null) return value;
  throw usage('body', 'not a JSON object');
}

function answer(context: Context, { code, message, next }: TeredoError, status: 400 | 404 | 503) {
  return context.json({ schemaVersion: 1, type: 'error', code, message, next }, status);
}
