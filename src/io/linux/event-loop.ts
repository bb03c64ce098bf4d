import type { Driver } from '../../driver/driver.ts';
import type { Clock } from '../clock.ts';
import type { Poller } from './poller.ts';

/**
 * Turns drivers until told to stop, and sleeps in epoll between: a tunnel without traffic costs nothing.
 *
 * The thread that runs it does nothing else.
 */
export class EventLoop {
  readonly #drivers: readonly Driver[];
  readonly #poller: Poller;
  readonly #clock: Clock;
  #stopped = false;

  constructor(drivers: readonly Driver[], poller: Poller, clock: Clock) {
    this.#drivers = drivers;
    this.#poller = poller;
    this.#clock = clock;
  }

  /** Ends the loop at its next turn; call from a `Source`. */
  stop(): void {
    this.#stopped = true;
  }

  run(): void {
    let lastDeadline = -1;
    while (!this.#stopped) {
      const now = this.#clock.now();
      let more = false;
      let deadline = Infinity;
      for (const driver of this.#drivers) {
        more = driver.turn(now) || more;
        deadline = Math.min(deadline, driver.deadline);
      }
      let timeout = more ? 0 : deadline - now;
      // A deadline that is past and does not move would keep us from ever sleeping.
      if (!more && timeout <= 0 && deadline === lastDeadline) timeout = 1;
      lastDeadline = deadline;
      this.#poller.wait(timeout);
    }
  }
}
