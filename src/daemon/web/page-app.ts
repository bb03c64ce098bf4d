import { createHash, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { addDashboardApi, type Upstream } from './dashboard-api.ts';
import type { PageFile } from './page-files.ts';

/** Nothing but our own files: no inline script, no other host, no frame around us. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

export interface PageAppOptions {
  readonly files: ReadonlyMap<string, PageFile>;
  /** First part of every path; whoever does not know it gets nothing. */
  readonly token: string;
  /** "127.0.0.1:8000": the only Host, and with "http://" the only Origin, that is served. */
  readonly host: () => string;
  /** The file at "/TOKEN/". */
  readonly index?: string;
  /** Who answers what the page asks; left out: nobody, the page has all it needs. */
  readonly upstream?: Upstream;
}

/**
 * The page over HTTP, below /TOKEN/.
 *
 * A page of somebody else can make a browser ask us, and a name of somebody else may lead to 127.0.0.1: foreign
 * `Origin` and `Host` are refused before the token is looked at. The token stands in the path, so that the page's own
 * files have it without a cookie, and the referrer policy keeps it from others.
 */
export function pageApp({ files, token, host, index = 'index.html', upstream }: PageAppOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    if (context.req.header('host') !== host()) return context.text('Wrong host.\n', 421);
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== `http://${host()}`) return context.text('Wrong origin.\n', 403);
    const [, given = ''] = new URL(context.req.url).pathname.split('/');
    if (!isSame(given, token)) return context.text('The address needs the token that was printed with it.\n', 403);
    return next();
  });
  if (upstream !== undefined) addDashboardApi(app, upstream);
  app.get('/:token/:path{.*}', (context) => {
    const path = context.req.param('path');
    const file = files.get(path === '' ? index : path);
    if (file === undefined) return context.text('There is no such file.\n', 404);
    return context.body(file.bytes, 200, { 'Content-Type': file.type });
  });
  // Relative addresses in the page need the slash.
  app.get('/:token', (context) => context.redirect(`/${context.req.param('token')}/`));
  return app;
}

/** In a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
