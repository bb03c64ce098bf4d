import { TeredoError } from '../errors.ts';
import { SystemRandom } from '../io/entropy.ts';
import { hmacSha1 } from '../io/hmac.ts';
import { PortableLoop } from '../io/portable/loop.ts';
import { answer } from './answers.ts';
import type { ServerConfiguration } from './configuration/configuration.ts';
import { RoleCounters } from './counters.ts';
import { viewHost } from './host-view.ts';
import { Questions } from './questions.ts';
import { type Reporter, warning } from './reports.ts';
import { makeRole, type RunningRole } from './roles.ts';
import { localSockets } from './sockets.ts';
import type { RunningRoles } from './start.ts';

/**
 * A server on the sockets that every Node has: where the library for system calls cannot be loaded, clients still
 * qualify and find each other.
 *
 * It answers one datagram at a time, and has no way to native IPv6 hosts: echo requests toward them end here.
 */
export class PortableServer implements RunningRoles {
  readonly ended: Promise<void>;
  readonly counters: readonly [RoleCounters];
  readonly questions: Questions;

  readonly #configuration: ServerConfiguration;
  readonly #report: Reporter;
  readonly #running: RunningRole;
  readonly #loop: PortableLoop;
  #isClosed = false;
  #end = () => {};
  #fail = (_error: TeredoError) => {};

  /** Starts at once; `report` hears of it. */
  constructor(configuration: ServerConfiguration, report: Reporter) {
    this.#configuration = configuration;
    this.#report = report;
    this.counters = [new RoleCounters(RoleCounters.memory(1), 0)];
    const [{ drops, cases, ports }] = this.counters;
    this.#running = makeRole(configuration, { random: new SystemRandom(), hmac: hmacSha1, drops, cases });
    this.#running.setHost(viewHost([]), performance.now());
    this.questions = new Questions((id, question) => {
      this.questions.answered(id, answer(question, { roles: [this.#running] }, this.#loop.now()));
      this.#loop.turn();
    });
    this.#loop = new PortableLoop(this.#running.role, {
      places: localSockets(configuration).plans,
      counters: ports,
      onEvent: (event) => report({ type: 'event', role: configuration, event }),
      onTrouble: (via, error) => this.#fail(socketTrouble(configuration, via, error)),
    });
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    void this.#open();
  }

  async drain(): Promise<void> {
    await this.questions.ask({ type: 'drain' });
  }

  async stop(): Promise<void> {
    this.#close();
    this.#report({ type: 'stopped', roles: [this.#configuration], counters: this.counters });
    this.#end();
    await this.ended;
  }

  reconfigure([configuration]: readonly ServerConfiguration[]): void {
    if (configuration !== undefined) this.#running.reconfigure(configuration);
  }

  async #open(): Promise<void> {
    const { openAtStart } = localSockets(this.#configuration);
    for (const via of openAtStart) this.#loop.udp.setOpen(via, true);
    try {
      await Promise.all(openAtStart.map((via) => this.#loop.udp.opened(via)));
    } catch {
      return this.#close(); // told by onTrouble
    }
    // Sockets that were closed before they had opened are no trouble either.
    if (this.#isClosed) return;
    this.questions.open();
    this.#running.start(this.#loop.now());
    this.#loop.turn();
    const localPort = this.#loop.udp.localPort(openAtStart[0]!);
    this.#report({ type: 'ready', role: this.#configuration, localPort, offloads: [], checksums: 'JavaScript' });
    this.#report(warning(limited()));
  }

  #close(): void {
    this.#isClosed = true;
    this.questions.close();
    this.#loop.close();
  }
}

function socketTrouble(configuration: ServerConfiguration, via: number, error: NodeJS.ErrnoException): TeredoError {
  const name = localSockets(configuration).plans[via]?.name ?? `socket ${via}`;
  const next =
    error.code === 'EADDRINUSE'
      ? 'stop the other program, or choose another address'
      : '"ip address" shows the addresses of this host';
  return new TeredoError('TD-UDP-BIND', `cannot use ${name}: ${error.code ?? error.message}`, next, { cause: error });
}

function limited(): TeredoError {
  return new TeredoError(
    'TD-PORTABLE',
    'the library for system calls (koffi) cannot be loaded: this server answers one datagram at a time, and does not ' +
      'forward echo requests to native IPv6 hosts',
    'install teredo with its optional packages, on a platform that koffi is built for',
  );
}
