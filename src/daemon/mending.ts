import { TeredoError } from '../errors.ts';
import type { TunInterface } from '../io/linux/interface.ts';

/** Who else works on the interface has won once we have put it right this often in this time ... */
const MENDS_MAX = 5;
const WINDOW_MS = 60_000;

/** Puts an interface back to what it shall be when somebody changed it from outside, and does not fight over it. */
export class Mending {
  readonly #device: TunInterface;
  readonly #report: (trouble: TeredoError) => void;
  readonly #mendedAt: number[] = []; // Bounded by MENDS_MAX.
  #later: NodeJS.Timeout | undefined;

  constructor(device: TunInterface, report: (trouble: TeredoError) => void) {
    this.#device = device;
    this.#report = report;
  }

  /** Something about interfaces or routes has changed at `now` (ms, any beginning). Errors: TeredoError of `ip`. */
  async look(now: number): Promise<void> {
    if (this.#later !== undefined) return;
    const [first] = this.#mendedAt;
    const isTired = this.#mendedAt.length === MENDS_MAX && first !== undefined && now - first < WINDOW_MS;
    const lines = await this.#device.mend(!isTired);
    if (lines.length === 0) return;
    const { name } = this.#device;
    if (isTired) {
      this.#report(contested(name));
      // ... but it is looked at once more when the time is over.
      this.#later = setTimeout(() => this.#tryAgain(), WINDOW_MS);
      return;
    }
    this.#mendedAt.push(now);
    if (this.#mendedAt.length > MENDS_MAX) this.#mendedAt.shift();
    this.#report(mended(name, lines));
  }

  stop(): void {
    clearTimeout(this.#later);
  }

  #tryAgain(): void {
    this.#later = undefined;
    this.#mendedAt.length = 0;
    this.look(0).catch((error: unknown) => this.#report(error as TeredoError));
  }
}

function mended(name: string, lines: readonly string[]): TeredoError {
  return new TeredoError(
    'TD-INTERFACE-CHANGED',
    `interface ${name} was changed from outside; put back: ${lines.join('; ')}`,
    'to end the tunnel stop this process rather than set its interface down',
  );
}

function contested(name: string): TeredoError {
  return new TeredoError(
    'TD-INTERFACE-CONTESTED',
    `interface ${name} is changed from outside again and again; left as it is for ${WINDOW_MS / 1_000} s`,
    'find out what else manages interfaces on this host, and have it leave this one alone',
  );
}
