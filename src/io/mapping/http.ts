import { request } from 'node:http';
import { MappingError, type Router } from './mapping.ts';

/** For one exchange, however slowly the router drips. */
const TIMEOUT_MS = 4_000;
/** Descriptions of real routers have 2 to 30 KiB. */
const BODY_MAX = 128 * 1024;
const HEADERS_MAX = 16 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * A URL on the router.
 *
 * Errors: MappingError for any other host: a router, or whoever plays one, must not send us anywhere else.
 */
export function urlOn({ gateway }: Router, text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url?.protocol === 'http:' && url.hostname === gateway && url.href.length < 1_024) return url;
  throw new MappingError(`sends us to ${JSON.stringify(text.slice(0, 80))}`);
}

/** One exchange with the router; redirects are not followed. Errors: MappingError, or the reason of `signal`. */
export function ask(
  router: Router,
  url: URL,
  signal: AbortSignal,
  post?: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent: false,
      method: post === undefined ? 'GET' : 'POST',
      headers: { connection: 'close', ...post?.headers },
      localAddress: router.local,
      maxHeaderSize: HEADERS_MAX,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const fail = (why: string) => {
      reject(signal.aborted ? (signal.reason as Error) : new MappingError(why));
      outgoing.destroy();
    };
    outgoing.on('error', (error) => {
      const { code } = error as { code?: string };
      fail(code === 'ABORT_ERR' ? 'answers too slowly' : `cannot be asked by HTTP (${code ?? error.message})`);
    });
    outgoing.on('response', (answer) => {
      const { statusCode: status = 0 } = answer;
      if (status >= 300 && status < 400) return fail('redirects us elsewhere');
      const parts: Buffer[] = [];
      let length = 0;
      answer.on('data', (part: Buffer) => {
        length += part.length;
        if (length > BODY_MAX) fail(`answers with more than ${BODY_MAX} octets`);
        else parts.push(part);
      });
      answer.on('end', () => resolve({ status, text: Buffer.concat(parts).toString('utf8') }));
      answer.on('error', () => fail('breaks off its answer'));
    });
    outgoing.end(post?.body);
  });
}
