/** One echo request of a ping, and when its reply came. */
export interface Echo {
  readonly sequence: number;
  readonly sentAt: number;
  /** Undefined: not yet, or never. */
  answeredAt: number | undefined;
}

export interface PingOptions {
  readonly count?: number;
  readonly intervalMs?: number;
  /** Octets of data in each request. */
  readonly size?: number;
}

export const pingDefaults = { count: 1, intervalMs: 1_000, size: 32 } as const;

/** A ping as the person who typed it sees it: what was sent, what came back, how long it took. */
export class Ping {
  readonly target: Uint8Array;
  readonly identifier: number;
  readonly count: number;
  readonly echoes: Echo[] = [];
  /** ICMPv6 error that came back instead of a reply: its type and code. */
  error: { readonly type: number; readonly code: number } | undefined;

  constructor(target: Uint8Array, identifier: number, count: number) {
    this.target = target;
    this.identifier = identifier;
    this.count = count;
  }

  get answered(): number {
    let answered = 0;
    for (const echo of this.echoes) if (echo.answeredAt !== undefined) answered++;
    return answered;
  }

  /** Every request was sent and has its reply. */
  get isAnswered(): boolean {
    return this.answered === this.count;
  }

  /** Round-trip times in ms, in the order of the requests; undefined where no reply came. */
  get roundTripsMs(): (number | undefined)[] {
    return this.echoes.map(({ sentAt, answeredAt }) => (answeredAt === undefined ? undefined : answeredAt - sentAt));
  }

  answer(sequence: number, now: number): void {
    const echo = this.echoes[sequence - 1];
    if (echo !== undefined) echo.answeredAt ??= now;
  }
}
