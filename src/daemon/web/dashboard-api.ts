import type { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Who answers what the page asks: this process, or another behind its control socket. */
export type Upstream = (path: string, gone: AbortSignal) => Response | Promise<Response>;

/** What a page may ask of the control interface. It only looks: nothing can be changed from a browser. */
const ASKED: ReadonlySet<string> = new Set(['status', 'peers', 'configuration', 'live']);

/** Routes of the page to the control interface, below the token. */
export function addDashboardApi(app: Hono, upstream: Upstream): void {
  app.get('/:token/v1/:what', async (context) => {
    const what = context.req.param('what');
    if (!ASKED.has(what)) return context.text('A page may not ask this.\n', 404);
    const { search } = new URL(context.req.url);
    const answer = await upstream(`/v1/${what}${search}`, context.req.raw.signal);
    // Roles that come or go have no list of peers; a browser would tell that as a failure of the page.
    if (what === 'peers' && !answer.ok) {
      await answer.body?.cancel();
      return context.body(null, 204);
    }
    // A new answer, for it has the page's headers.
    const type = answer.headers.get('content-type') ?? 'text/plain';
    return context.body(answer.body ?? '', answer.status as ContentfulStatusCode, { 'Content-Type': type });
  });
}

/** This process itself. */
export function ownUpstream(control: Hono): Upstream {
  return (path, signal) => control.fetch(new Request(`http://control${path}`, { signal }));
}
