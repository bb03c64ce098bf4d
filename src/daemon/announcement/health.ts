/** How often tests must agree before routing hears of it; and how long a withdrawal lasts at least. */
export interface HealthRules {
  /** Tests in a row that must pass. */
  readonly rise: number;
  /** Tests in a row that must fail. */
  readonly fall: number;
  /** After a withdrawal, no announcing for so long: routing that flaps is punished by others (RFC 7196). */
  readonly holdMs: number;
}

/** Whether the prefix is announced, and why not. Instants are ms of any clock. */
export type Health =
  | {
      readonly state: 'withdrawn';
      /** In a row, up to now. */
      readonly passed: number;
      readonly reason: string;
      readonly heldUntil: number;
    }
  | { readonly state: 'announced'; readonly failed: number }
  /** Withdrawn for good by who is in charge. */
  | { readonly state: 'draining' };

/** Nothing is announced before it is tested. */
export const untested: Extract<Health, { state: 'withdrawn' }> = {
  state: 'withdrawn',
  passed: 0,
  reason: 'the tests have just begun',
  heldUntil: Number.NEGATIVE_INFINITY,
};

/** A test has ended at `now`; `failure` says what was wrong, undefined: nothing. */
export function tested(was: Health, failure: string | undefined, rules: HealthRules, now: number): Health {
  switch (was.state) {
    case 'draining':
      return was;
    case 'announced': {
      if (failure === undefined) return { state: 'announced', failed: 0 };
      const failed = was.failed + 1;
      if (failed < rules.fall) return { state: 'announced', failed };
      return { state: 'withdrawn', passed: 0, reason: failure, heldUntil: now + rules.holdMs };
    }
    case 'withdrawn': {
      if (failure !== undefined) return { ...was, passed: 0, reason: failure };
      const passed = was.passed + 1;
      if (passed >= rules.rise && now >= was.heldUntil) return { state: 'announced', failed: 0 };
      return { ...was, passed };
    }
  }
}
