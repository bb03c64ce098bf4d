import type { Context } from 'hono';
import { stream } from 'hono/streaming';
import type { EventFeed } from './event-feed.ts';

/** Now and then something is sent, so that a reader who has gone is noticed. */
const ALIVE_MS = 15_000;

/** Events as they come: server-sent events for browsers, one JSON object a line for everybody else. */
export function eventStream(context: Context, events: EventFeed, after: number): Response {
  const isSse = (context.req.header('accept') ?? '').includes('text/event-stream');
  context.header('content-type', isSse ? 'text/event-stream' : 'application/x-ndjson');
  context.header('cache-control', 'no-store');
  return stream(context, async (out) => {
    const gone = new AbortController();
    out.onAbort(() => gone.abort());
    const alive = setInterval(() => void out.write(isSse ? ':\n\n' : '\n').catch(() => gone.abort()), ALIVE_MS);
    // The head of the answer leaves now, not with the first event.
    await out.write(isSse ? ':\n\n' : '\n');
    try {
      for await (const event of events.listen(after, gone.signal)) {
        const text = JSON.stringify(event);
        await out.write(isSse ? `id: ${event.id}\nevent: ${event.type}\ndata: ${text}\n\n` : `${text}\n`);
      }
    } finally {
      clearInterval(alive);
    }
  });
}
