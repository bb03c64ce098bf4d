import { type Context, Hono } from 'hono';
import { stream } from 'hono/streaming';
import { formatIpv6, parseIpv6 } from '../../wire/text.ts';
import type { TapOptions } from '../tap/tap-options.ts';
import type { Controlled } from './controlled.ts';
import { usage } from './usage.ts';

const SNAP_MAX = 262_144;
const SNAP_MIN = 64;
const IDENTIFIER_MAX = 65_535;
/** Octets behind the ICMPv6 header that one packet of 1280 octets holds. */
const DATA_MAX = 1_232;

/**
 * What passes, and echo requests in the role's own name.
 *
 * - `GET /v1/capture?peer=&side=&snap=&identifier=&secrets=`: records (`tap/record.ts`), without end.
 * - `POST /v1/echo` `{address, identifier, sequence, size}`: gives the source address.
 */
export function tapRoutes(controlled: Controlled): Hono {
  const app = new Hono();
  app.get('/v1/capture', async (context) => {
    const options = tapOptions(context);
    const gone = new AbortController();
    const records = await controlled.capture(options, context.req.query('secrets') === '1', gone.signal);
    context.header('content-type', 'application/octet-stream');
    context.header('cache-control', 'no-store');
    return stream(context, async (out) => {
      out.onAbort(() => gone.abort());
      // A reader that is slow makes us wait here; what it misses meanwhile is counted, nothing else waits for it.
      for await (const chunk of records) await out.write(chunk);
    });
  });
  app.post('/v1/echo', async (context) => {
    const asked = (await context.req.json().catch(() => ({}))) as Record<string, unknown>;
    const destination = address('address', String(asked.address));
    const identifier = whole('identifier', asked.identifier, 0, IDENTIFIER_MAX);
    const sequence = whole('sequence', asked.sequence, 0, IDENTIFIER_MAX);
    const data = new Uint8Array(whole('size', asked.size ?? 8, 0, DATA_MAX));
    const source = await controlled.echo({ destination, identifier, sequence, data });
    return context.json({ schemaVersion: 1, source: formatIpv6(source) });
  });
  return app;
}

function tapOptions(context: Context): TapOptions {
  const { peer, identifier, side = 'both', snap = SNAP_MAX } = context.req.query();
  if (side !== 'udp' && side !== 'tun' && side !== 'both') throw usage('side', 'choose udp, tun or both');
  return {
    side,
    snapLength: whole('snap', snap, SNAP_MIN, SNAP_MAX),
    ...(peer === undefined ? {} : { peer: address('peer', peer) }),
    ...(identifier === undefined ? {} : { identifier: whole('identifier', identifier, 0, IDENTIFIER_MAX) }),
  };
}

function address(name: string, text: string): Uint8Array {
  const octets = parseIpv6(text);
  if (octets === undefined) throw usage(name, 'not an IPv6 address');
  return octets;
}

/** Of a query a number is text. */
function whole(name: string, value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (Number.isInteger(number) && (number as number) >= least && (number as number) <= most) return number as number;
  throw usage(name, `choose a whole number from ${least} to ${most}`);
}
