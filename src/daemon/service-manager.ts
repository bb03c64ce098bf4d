import { formatIpv6 } from '../wire/text.ts';
import type { Report } from './reports.ts';

/** What systemd puts into the environment (sd_notify(3), sd_watchdog_enabled(3)); nobody whom we start shall have it. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const;
/** The watchdog is fed so often before it would bite. */
const FEEDS = 3;

/** What a service manager hears of this process, if one asked: that it is ready, alive, how it is, and that it ends. */
export class ServiceManager {
  readonly #address: string | undefined;
  readonly #watchdogMs: number;
  #isReady = false;
  #watching: NodeJS.Timeout | undefined;
  #saying = Promise.resolve();

  /** Takes its variables out of the environment. */
  constructor(environment: NodeJS.ProcessEnv) {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
    this.#address = NOTIFY_SOCKET === '' ? undefined : NOTIFY_SOCKET;
    const isForUs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
    const microseconds = Number(WATCHDOG_USEC);
    this.#watchdogMs = isForUs && microseconds > 0 ? microseconds / 1_000 : 0;
    for (const name of VARIABLES) delete environment[name];
  }

  hear(report: Report): void {
    if (this.#address === undefined) return;
    const status = statusIn(report);
    // Ports are open: a client that waits for its network, its server or a name is in order, and says so.
    if (report.type === 'ready' && !this.#isReady) {
      this.#isReady = true;
      this.#say('READY=1', `MAINPID=${process.pid}`);
    }
    if (status !== undefined) this.#say(`STATUS=${status}`);
  }

  /** Feeds the watchdog while `isAlive`: this thread runs timers, and asks the other one. */
  watch(isAlive: () => Promise<boolean>): void {
    if (this.#address === undefined || this.#watchdogMs === 0) return;
    const look = async () => {
      if (await isAlive()) this.#say('WATCHDOG=1');
    };
    this.#watching = setInterval(() => void look(), this.#watchdogMs / FEEDS).unref();
  }

  /**
   * It reads its configuration again, as it was asked to; `reloaded` must follow.
   *
   * Source: sd_notify(3): the instant tells this answer from one to an earlier question.
   */
  reloading(): void {
    if (this.#address === undefined) return;
    // What Node calls high-resolution time is CLOCK_MONOTONIC, in nanoseconds.
    this.#say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }

  /** With or without success: what ran goes on, and the log says the rest. */
  reloaded(): void {
    if (this.#address !== undefined) this.#say('READY=1');
  }

  stopping(): void {
    if (this.#address === undefined) return;
    clearInterval(this.#watching);
    this.#say('STOPPING=1', 'STATUS=stopping');
  }

  #say(...lines: readonly string[]): void {
    // Loaded when a service manager listens, and not where there are no system calls to be had.
    this.#saying = this.#saying
      .then(() => import('../io/linux/notification.ts'))
      .then(({ notify }) => void notify(this.#address!, lines.join('\n')))
      .catch(() => {});
  }
}

/** In one line, for "systemctl status"; undefined: nothing that changes it. */
function statusIn(report: Report): string | undefined {
  if (report.type === 'ready') return report.role.role === 'client' ? 'asking a server' : 'running';
  if (report.type === 'qualified') return `qualified, address ${formatIpv6(report.event.address)}`;
  return report.type === 'off-line' ? `off-line: ${report.event.reason}` : undefined;
}
