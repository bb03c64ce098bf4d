import type { LimitUse } from '../../roles/limits.ts';
import type { DaemonConfiguration } from '../configuration/configuration.ts';
import type { Daemon } from '../daemon.ts';
import type { PeerPage } from '../peer-page.ts';
import type { Report } from '../reports.ts';
import type { Status } from '../status/status.ts';
import type { StatusBoard } from '../status/status-board.ts';
import type { Controlled } from './controlled.ts';

/** What of a daemon is asked and told here. */
export type ControlledDaemon = Pick<Daemon, 'questions' | 'counters'>;

/** The process behind the control socket: its roles may be made anew, the socket stays. */
export class ProcessControl implements Controlled {
  readonly board: StatusBoard;
  #daemon: ControlledDaemon | undefined;

  constructor(board: StatusBoard) {
    this.board = board;
  }

  /** Roles run from now on; `hear` is told their reports. */
  attach(configuration: DaemonConfiguration, daemon: ControlledDaemon): void {
    this.board.begin(configuration, daemon.counters);
    this.#daemon = daemon;
  }

  detach(daemon: ControlledDaemon): void {
    if (this.#daemon === daemon) this.#daemon = undefined;
  }

  hear(report: Report): void {
    this.board.hear(report);
  }

  async status(): Promise<Status> {
    return this.board.status(await this.#limits());
  }

  address(): string | undefined {
    return this.board.address;
  }

  async peers(role: number, from: number, max: number): Promise<PeerPage | undefined> {
    return this.#daemon?.questions.ask({ type: 'peers', role, from, max });
  }

  async ping(): Promise<boolean> {
    if (this.#daemon === undefined) return true; // There is none to answer: a name is looked for, or it is disabled.
    return this.#daemon.questions.ask({ type: 'ping' }).catch(() => false);
  }

  async #limits(): Promise<readonly (readonly LimitUse[])[] | undefined> {
    return this.#daemon?.questions.ask({ type: 'limits' }).catch(() => undefined);
  }
}
