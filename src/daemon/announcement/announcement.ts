import { asTeredoError, type TeredoError } from '../../errors.ts';
import { EchoSocket } from '../../io/linux/echo.ts';
import type { TunInterface } from '../../io/linux/interface.ts';
import type { AnnouncingRelay, DaemonConfiguration, RelayConfiguration } from '../configuration/configuration.ts';
import type { Questions } from '../questions.ts';
import { type Reporter, warning } from '../reports.ts';
import { standing } from '../standing.ts';
import { type Check, checksOf, firstFailure } from './checks.ts';
import { type Health, tested, untested } from './health.ts';

/**
 * Keeps the route to 2001::/32 for as long as the relay is well: the signal that a routing daemon learns and announces.
 *
 * If the process dies the interface goes, and the route with it. The halves of the route stay all the time, so that
 * whoever still sends packets here while routing turns elsewhere is served as before.
 */
export class Announcement {
  readonly #relay: AnnouncingRelay;
  readonly #device: TunInterface;
  readonly #questions: Pick<Questions, 'ask'>;
  readonly #report: Reporter;
  readonly #echoes: EchoSocket | undefined;
  #checks: readonly Check[] = [];
  #health: Health = untested;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #trouble = '';

  /** Errors: TeredoError when the system grants no echo requests, though clients are named that shall answer them. */
  constructor(relay: AnnouncingRelay, device: TunInterface, questions: Pick<Questions, 'ask'>, report: Reporter) {
    this.#relay = relay;
    this.#device = device;
    this.#questions = questions;
    this.#report = report;
    this.#echoes = relay.announce.probes.length > 0 ? new EchoSocket() : undefined;
  }

  /** The interface is up. Errors: TeredoError when echo requests cannot be sent into it. */
  begin(): void {
    this.#echoes?.bindTo(this.#relay.interfaceName);
    this.#checks = checksOf(this.#relay, this.#device, this.#questions, this.#echoes);
    this.#tell();
    void this.#test();
  }

  /** Withdraws for good; what still comes is served. Resolves when the route is gone. Errors: TeredoError of `ip`. */
  async drain(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#enter({ state: 'draining' });
  }

  /** The interface goes, and whatever was announced with it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#echoes?.close();
  }

  async #test(): Promise<void> {
    const { intervalMs } = this.#relay.announce;
    const begunAt = performance.now();
    const failure = await firstFailure(this.#checks);
    if (!this.#isTesting) return;
    try {
      await this.#enter(tested(this.#health, failure, this.#relay.announce, performance.now()));
      this.#trouble = '';
    } catch (error) {
      this.#warn(asTeredoError(error));
    }
    if (!this.#isTesting) return;
    const restMs = Math.max(0, begunAt + intervalMs - performance.now());
    this.#timer = setTimeout(() => void this.#test(), restMs);
  }

  get #isTesting(): boolean {
    return !this.#isStopped && this.#health.state !== 'draining';
  }

  /** The kernel's route comes or goes first; where it does not, the state stays too, and the next test tries again. */
  async #enter(health: Health): Promise<void> {
    const was = this.#health;
    if (health.state !== was.state) await this.#device.want(standing(this.#relay, health.state === 'announced'));
    this.#health = health;
    const isNews = health.state !== was.state || reasonOf(health) !== reasonOf(was);
    if (isNews && !this.#isStopped) this.#tell();
  }

  /** Once for each trouble, not with each test. */
  #warn(trouble: TeredoError): void {
    if (!this.#isTesting || trouble.message === this.#trouble) return;
    this.#trouble = trouble.message;
    this.#report(warning(trouble));
  }

  #tell(): void {
    const checks = this.#checks.map(({ name }) => name);
    const { state } = this.#health;
    this.#report({ type: 'announcement', role: this.#relay, state, reason: reasonOf(this.#health), checks });
  }
}

function reasonOf(health: Health): string | undefined {
  return health.state === 'withdrawn' ? health.reason : undefined;
}

/** The one of a process that has a relay which announces; undefined: none has. Errors: see the constructor. */
export function announcementOf(
  configuration: DaemonConfiguration,
  interfaces: readonly (TunInterface | undefined)[],
  questions: Pick<Questions, 'ask'>,
  report: Reporter,
): Announcement | undefined {
  for (const [index, role] of configuration.entries()) {
    const device = interfaces[index];
    if ('announce' in role && isAnnouncing(role) && device !== undefined) {
      return new Announcement(role, device, questions, report);
    }
  }
  return undefined;
}

function isAnnouncing(role: RelayConfiguration): role is AnnouncingRelay {
  return role.announce !== undefined;
}
