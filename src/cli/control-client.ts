import { type IncomingMessage, request } from 'node:http';
import { isAlive } from '../daemon/control/socket-file.ts';
import { foreignSockets, ownSockets } from '../daemon/control/socket-path.ts';
import { TeredoError } from '../errors.ts';

const PATIENCE_MS = 10_000;

/** The flag of every command that speaks to a running process. */
export const SOCKET_FLAG = ['--socket <PATH>', 'control socket (default: the only one in /run/teredo)'] as const;

/** A running process, spoken to by its control socket. */
export class ControlClient {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** `socket`: a path; undefined: the only one there is. Errors: TD-NOT-REACHABLE, TD-USAGE when there are several. */
  static async to(socket: string | undefined): Promise<ControlClient> {
    return new ControlClient(socket ?? (await onlySocket()));
  }

  get<T>(what: string): Promise<T> {
    return this.#ask<T>('GET', what);
  }

  post<T>(what: string, body: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return this.#ask<T>('POST', what, JSON.stringify(body));
  }

  /** An answer that comes in parts, as text. */
  async open(what: string): Promise<IncomingMessage> {
    return (await this.openOctets(what)).setEncoding('utf8');
  }

  /** An answer that comes in parts, as it is. */
  async openOctets(what: string): Promise<IncomingMessage> {
    const response = await this.#request('GET', what, undefined, 0);
    if (response.statusCode !== 200) throw problem(await read(response.setEncoding('utf8')));
    return response;
  }

  async text(what: string): Promise<string> {
    const response = await this.#request('GET', what, undefined, PATIENCE_MS);
    return read(response.setEncoding('utf8'));
  }

  async #ask<T>(method: string, what: string, body?: string): Promise<T> {
    const response = await this.#request(method, what, body, PATIENCE_MS);
    const text = await read(response.setEncoding('utf8'));
    if (response.statusCode !== 200) throw problem(text);
    return JSON.parse(text) as T;
  }

  #request(method: string, what: string, body: string | undefined, timeout: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const asking = request({ socketPath: this.path, path: what, method, headers, timeout, agent: false }, resolve);
      asking.once('timeout', () => asking.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
      asking.once('error', (error) => reject(unreachable(this.path, error)));
      asking.end(body);
    });
  }
}

async function onlySocket(): Promise<string> {
  const found = await living(ownSockets());
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    // Such a process carries others' packets: nobody shall reset it because he forgot where he is.
    const elsewhere = await living(foreignSockets());
    const next =
      elsewhere.length === 0
        ? 'start one ("teredo client"), or name its socket by --socket PATH'
        : `start one, or name one of another network of this host by --socket PATH: ${elsewhere.join(', ')}`;
    throw new TeredoError('TD-NOT-REACHABLE', 'no teredo answers in this network of this host', next);
  }
  throw new TeredoError(
    'TD-USAGE-SOCKET',
    `${found.length} processes of teredo run here: ${found.join(', ')}`,
    'name one of them by --socket PATH',
  );
}

/** What a killed process left behind is nobody's. */
async function living(paths: readonly string[]): Promise<string[]> {
  const alive = await Promise.all(paths.map((path) => isAlive(path)));
  return paths.filter((_, index) => alive[index]);
}

/** Why nobody answers there, and what to do. */
export function unreachable(path: string, error: NodeJS.ErrnoException): TeredoError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const next = 'join the group that owns it ("ls -l" tells; usually: usermod -aG teredo USER, then log in again)';
    return new TeredoError('TD-NOT-REACHABLE-PERMISSION', `you may not use the control socket ${path}`, next);
  }
  const reason =
    error.code === 'ENOENT'
      ? 'it is not there'
      : error.code === 'ECONNREFUSED'
        ? 'nobody listens there any more'
        : error.code === 'ETIMEDOUT'
          ? 'no answer'
          : error.message;
  const next = 'look whether it runs ("systemctl status teredo@client"), or start it ("teredo client")';
  return new TeredoError('TD-NOT-REACHABLE', `no teredo answers at ${path}: ${reason}`, next, { cause: error });
}

/** What the process answered instead. */
function problem(text: string): TeredoError {
  const { code, message, next } = JSON.parse(text) as { code: string; message: string; next: string };
  return new TeredoError(code, message, next);
}

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response) text += part as string;
  return text;
}
