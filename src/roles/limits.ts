/**
 * A bound of a role, as a person may want to see it: how large it is, how much of it is used, and how often it bit.
 *
 * Source: the list of bounds that are on by default; each is explained where it is enforced.
 */
export interface LimitUse {
  /** Stable, kebab-case: "bubbles-per-address". */
  readonly name: string;
  /** A rate is a set of token buckets; a table and a queue hold things. */
  readonly kind: 'rate' | 'table' | 'queue';
  /** What `max` and `inUse` count: "addresses" or "answers" of a rate, "peers", "octets", "datagrams". */
  readonly unit: string;
  /** Buckets of a rate; what fits into a table or a queue. */
  readonly max: number;
  /** Buckets of a rate that are not full now; what is in a table or a queue. */
  readonly inUse: number;
  /** Times that something was refused, or put out of a table, because of it. */
  readonly bit: number;
  /** A rate only. */
  readonly perSecond?: number;
  readonly burst?: number;
}
