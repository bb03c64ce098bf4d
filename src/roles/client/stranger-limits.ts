import type { LimitUse } from '../limits.ts';
import { RateLimit } from '../rate-limit.ts';
import type { Random } from '../role.ts';

/** Bubbles to one IPv4 address that strangers can cause (ledger SEC-12), per second and at once. */
const ANSWERS_PER_SECOND = 10;
const ANSWERS_BURST = 20;
const ANSWER_BUCKETS = 256;
/** The same to all addresses together. */
const ANSWERS_TO_ALL_PER_SECOND = 200;
const ANSWERS_TO_ALL_BURST = 400;
/** Connectivity tests in all that strangers can cause (ledger SEC-11), per second and at once. */
const TESTS_PER_SECOND = 10;
const TESTS_BURST = 50;

/** What whoever knows the address of a client can make it send: so much and no more. */
export class StrangerLimits {
  readonly #answers: RateLimit;
  readonly #answersToAll = new RateLimit(ANSWERS_TO_ALL_PER_SECOND, ANSWERS_TO_ALL_BURST, 1, 0);
  readonly #tests = new RateLimit(TESTS_PER_SECOND, TESTS_BURST, 1, 0);

  constructor(random: Random) {
    this.#answers = new RateLimit(ANSWERS_PER_SECOND, ANSWERS_BURST, ANSWER_BUCKETS, random.uint32());
  }

  /** Whether a bubble may go there. */
  mayAnswer(ipv4: number, now: number): boolean {
    return this.#answers.allow(ipv4, now) && this.#answersToAll.allow(0, now);
  }

  /** Whether this address may be troubled besides, on behalf of one that may be answered. */
  mayTrouble(ipv4: number, now: number): boolean {
    return this.#answers.allow(ipv4, now);
  }

  mayTest(now: number): boolean {
    return this.#tests.allow(0, now);
  }

  use(now: number): LimitUse[] {
    return [
      this.#answers.use('answers-per-address', now),
      this.#answersToAll.use('answers', now),
      this.#tests.use('tests-for-strangers', now),
    ];
  }
}
