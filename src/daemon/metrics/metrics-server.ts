import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { TeredoError } from '../../errors.ts';
import type { Controlled } from '../control/controlled.ts';
import { addHealth } from './routes.ts';

/** Metrics and health on TCP, for who watches from elsewhere; nothing can be changed by it. */
export class MetricsServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `listen`: "127.0.0.1:9100" or "[::1]:9100". Errors: TD-METRICS when the system refuses. */
  static async open(controlled: Controlled, listen: string): Promise<MetricsServer> {
    const app = new Hono();
    addHealth(app, controlled);
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
    const at = listen.lastIndexOf(':');
    const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
    await new Promise<void>((resolve, reject) => {
      server.once('error', ({ message }) => {
        const next = 'choose another address or port by --metrics ADDRESS:PORT';
        reject(new TeredoError('TD-METRICS', `cannot serve metrics on ${listen}: ${message}`, next));
      });
      server.listen({ host, port: Number(listen.slice(at + 1)) }, resolve);
    });
    server.unref();
    return new MetricsServer(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
