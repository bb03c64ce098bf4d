import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'hono';
import { stream } from 'hono/streaming';
import type { Controlled } from './controlled.ts';
import type { LiveEvent, LiveEvents, LiveMessages, LiveStatus } from './live.ts';
import { usage } from './usage.ts';

/** Four times a second is as often as people can follow numbers. */
const TICK_MS = 250;
/** A status asks the data path for its limits; once a second that costs it nothing that can be measured. */
const STATUS_EVERY_MS = 1_000;
/** Pages that are served at once. */
const READERS_MAX = 16;

const readers = new WeakMap<Controlled, number>();

/**
 * Everything that a dashboard shows, in a few messages a second however much happens.
 *
 * Shape:  waits for a reader that is slow, and skips what it missed; nothing runs while nobody reads.
 * Errors: TD-USAGE for more than READERS_MAX at once.
 */
export function liveStream(context: Context, controlled: Controlled): Response {
  const open = readers.get(controlled) ?? 0;
  if (open >= READERS_MAX) throw usage('live', `${READERS_MAX} pages are open already`);
  readers.set(controlled, open + 1);
  context.header('content-type', 'text/event-stream');
  context.header('cache-control', 'no-store');
  return stream(context, async (out) => {
    const gone = new AbortController();
    out.onAbort(() => gone.abort());
    try {
      await tell(controlled, gone.signal, async (name, data) => {
        await out.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
      });
    } finally {
      readers.set(controlled, (readers.get(controlled) ?? 1) - 1);
    }
  });
}

type Write = <N extends keyof LiveMessages>(name: N, data: LiveMessages[N]) => Promise<void>;

async function tell(controlled: Controlled, gone: AbortSignal, write: Write): Promise<void> {
  let after = 0;
  let statusAt = Number.NEGATIVE_INFINITY;
  while (!gone.aborted) {
    const { last, message } = eventsAfter(controlled, after);
    after = last;
    if (message !== undefined) await write('events', message);
    const now = performance.now();
    if (message !== undefined || now - statusAt >= STATUS_EVERY_MS) {
      statusAt = now;
      await write('status', await statusOf(controlled));
    }
    await write('counters', { at: Date.now(), roles: controlled.counters() });
    await delay(TICK_MS, undefined, { signal: gone }).catch(() => {});
  }
}

/** Events of peers that come and go have no words; a busy relay has a thousand a second. */
function eventsAfter({ events }: Controlled, after: number): { last: number; message: LiveEvents | undefined } {
  const fresh = events.since(after);
  const last = fresh.at(-1)?.id ?? after;
  const lost = after === 0 ? 0 : last - after - fresh.length;
  const told = fresh.filter(({ text }) => text.length > 0) as unknown as readonly LiveEvent[];
  return { last, message: told.length === 0 && lost === 0 ? undefined : { events: told, lost } };
}

async function statusOf(controlled: Controlled): Promise<LiveStatus> {
  const askedAt = performance.now();
  const status = await controlled.status();
  const answers = status.dataPath.answers;
  return { at: Date.now(), status, answeredInMs: answers ? performance.now() - askedAt : null };
}
