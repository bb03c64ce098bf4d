import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { controlApp } from './app.ts';
import type { Controlled } from './controlled.ts';
import { listenOn } from './socket-file.ts';

export interface ControlSocketOptions {
  readonly path: string;
  /** Group that may use it; undefined: "teredo", where the host has it. */
  readonly group?: string;
}

/** The control interface on a unix socket. The socket file is gone when the process is, unless it is killed. */
export class ControlServer {
  readonly path: string;
  readonly #server: Server;
  readonly #remove: () => void;

  private constructor(path: string, server: Server, remove: () => void) {
    this.path = path;
    this.#server = server;
    this.#remove = remove;
    process.once('exit', remove);
  }

  /** Errors: TeredoError, see `listenOn`. */
  static async open(controlled: Controlled, { path, group }: ControlSocketOptions): Promise<ControlServer> {
    const listener = getRequestListener(controlApp(controlled).fetch, { overrideGlobalObjects: false });
    const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
    const remove = await listenOn(server, path, group);
    // It shall not be what keeps a process alive whose work is done.
    server.unref();
    return new ControlServer(path, server, remove);
  }

  close(): void {
    process.removeListener('exit', this.#remove);
    this.#remove();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
