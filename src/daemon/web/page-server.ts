import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { TeredoError } from '../../errors.ts';
import { pageApp } from './page-app.ts';
import { readPage } from './page-files.ts';

const LOOPBACK = '127.0.0.1';
/** Octets: nobody guesses 128 bits. */
const TOKEN_LENGTH = 16;

export interface PageServer {
  /** With the token: whoever has it has the page. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the page on 127.0.0.1.
 *
 * Shape:  `port` 0 lets the system choose.
 * Errors: TeredoError when the page was not built or the port is taken.
 */
export async function servePage({ port = 0 }: { readonly port?: number } = {}): Promise<PageServer> {
  const token = randomBytes(TOKEN_LENGTH).toString('base64url');
  let host = '';
  const app = pageApp({ files: readPage(), token, host: () => host });
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
      reject(new TeredoError('TD-WEB-PORT', `cannot listen on ${LOOPBACK}:${port}: ${why}`, 'say --port 0 or another'));
    });
    server.listen(port, LOOPBACK, resolve);
  });
  host = `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
