import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { TeredoError } from '../../errors.ts';
import { type PageAppOptions, pageApp } from './page-app.ts';
import { readPage } from './page-files.ts';

const LOOPBACK = '127.0.0.1';
/** Octets: nobody guesses 128 bits. */
const TOKEN_LENGTH = 16;

export interface PageServer {
  /** With the token: whoever has it has the page. */
  readonly url: string;
  /** It shall not be what keeps the process alive. */
  unref(): void;
  close(): Promise<void>;
}

export interface PageServerOptions extends Pick<PageAppOptions, 'index' | 'upstream'> {
  /** An address of this host, without brackets. */
  readonly address?: string;
  /** 0: the system chooses. */
  readonly port?: number;
}

/**
 * Serves the page, on 127.0.0.1 unless told otherwise.
 *
 * Errors: TeredoError when the page was not built or the port is taken.
 */
export async function servePage({
  address = LOOPBACK,
  port = 0,
  ...options
}: PageServerOptions = {}): Promise<PageServer> {
  const token = randomBytes(TOKEN_LENGTH).toString('base64url');
  const named = address.includes(':') ? `[${address}]` : address;
  let host = '';
  const app = pageApp({ ...options, files: readPage(), token, host: () => host });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
      reject(new TeredoError('TD-WEB-PORT', `cannot listen on ${named}:${port}: ${why}`, 'choose port 0 or another'));
    });
    server.listen(port, address, resolve);
  });
  host = `${named}:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/${token}/`,
    unref: () => void server.unref(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
