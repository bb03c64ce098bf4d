import { type IncomingMessage, request } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { asTeredoError } from '../../errors.ts';
import type { ErrorStatus } from '../status/status.ts';
import type { Upstream } from './dashboard-api.ts';

/**
 * Another process behind its control socket.
 *
 * Shape:  `explain` turns what the system says into words for people. A live stream that cannot begin says why and
 *         ends, so that a page that waits for the process hears of its troubles too.
 */
export function socketUpstream(path: string, explain: (error: NodeJS.ErrnoException) => Error): Upstream {
  return async (what, gone) => {
    try {
      const answer = await ask(path, what, gone);
      return new Response(Readable.toWeb(untilItEnds(answer)) as ReadableStream, {
        status: answer.statusCode ?? 502,
        headers: { 'content-type': answer.headers['content-type'] ?? 'text/plain', 'cache-control': 'no-store' },
      });
    } catch (error) {
      const { code, message, next } = asTeredoError(explain(error as NodeJS.ErrnoException));
      return what === '/v1/live' ? trouble({ code, message, next }) : refusal({ code, message, next });
    }
  };
}

function ask(socketPath: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, signal, agent: false }, resolve).once('error', reject).end();
  });
}

/** That a process ends in the middle of a stream is no failure of ours: the stream ends too. */
function untilItEnds(answer: IncomingMessage): Readable {
  const out = new PassThrough();
  answer.once('error', () => out.end());
  out.once('close', () => answer.destroy());
  return answer.pipe(out);
}

function trouble(error: ErrorStatus): Response {
  const text = `event: trouble\ndata: ${JSON.stringify(error)}\n\n`;
  return new Response(text, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
}

function refusal(error: ErrorStatus): Response {
  return Response.json({ schemaVersion: 1, type: 'error', ...error }, { status: 503 });
}
