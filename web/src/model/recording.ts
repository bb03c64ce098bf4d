import type { Hue } from './hue.ts';
import type { NetworkNode } from './network.ts';

/** One stretch of a way: from node to node over one network. */
export interface Leg {
  /** Nodes; `to` is empty when no node has the destination. */
  readonly from: string;
  readonly to: string;
  readonly network: string;
  /** ms of virtual time; `arrivesAt` undefined: it does not. */
  readonly at: number;
  readonly arrivesAt: number | undefined;
  /** Outer addresses on this stretch, as text. */
  readonly source: string;
  readonly destination: string;
}

/** One datagram or packet on its whole way, with all that the page says about it. */
export interface Passage {
  /** Its place in `Recording.passages`, and the number people see, from 1. */
  readonly index: number;
  readonly number: number;
  readonly chapter: number;
  readonly from: string;
  readonly to: string;
  /** The node or network where it ended. */
  readonly end: string;
  readonly legs: readonly Leg[];
  readonly at: number;
  /** When it arrived or ended. */
  readonly endsAt: number;
  readonly kind: string;
  readonly label: string;
  readonly shortLabel: string;
  readonly hue: Hue;
  /** Why it happens, for people. */
  readonly sentence: string;
  readonly summary: string;
  /** Why it did not arrive; undefined: it did. */
  readonly loss: string | undefined;
  /** Place of the passage whose arrival made it happen. */
  readonly cause: number | undefined;
  /** A UDP payload with IPv6 inside, an IPv6 packet without tunnel, or a UDP payload of something else. */
  readonly carries: 'tunnel' | 'IPv6' | 'other';
  readonly bytes: Uint8Array;
}

/** What came of a step. */
export interface Outcome {
  readonly at: number;
  readonly chapter: number;
  readonly text: string;
  readonly isAsExpected: boolean;
  /** 16 octets, where the outcome is an address. */
  readonly address: Uint8Array | undefined;
  readonly client: string | undefined;
}

export interface ChapterMark {
  readonly title: string;
  readonly about: string;
  readonly startsAt: number;
  readonly endsAt: number;
  /** Columns of its ladder, left to right. */
  readonly columns: readonly Column[];
}

export interface Column {
  readonly node: string;
  readonly isNat: boolean;
  /** Where a column stands for many nodes: which. */
  readonly members?: ReadonlySet<string>;
}

/** A state of a client from an instant on. */
export interface StateMark {
  readonly at: number;
  readonly state: 'starting' | 'qualified' | 'off-line';
  /** A clause: the address, the mapped endpoint, why it is off-line. */
  readonly detail: string;
  readonly address: Uint8Array | undefined;
}

/** A change somebody made to the network while it ran. */
export interface ChangeMark {
  readonly at: number;
  readonly chapter: number;
  readonly text: string;
  readonly node: string;
  /** What is so from now on; what is not said stays as it was. */
  readonly effect: Trouble & {
    /** Another NAT stands here: nothing of what was mapped is left. */
    readonly nat?: string;
  };
}

/** What is wrong with a node or its link. */
export interface Trouble {
  readonly isCut?: boolean;
  /** Probability of loss, from 0 to 1. */
  readonly loss?: number;
  /** A relay that does not announce 2001::/32. */
  readonly isWithdrawn?: boolean;
}

/** Everything the page shows, in order of time; unless it is live, nothing in it changes. */
export interface Recording {
  readonly title: string;
  readonly about: string;
  readonly nodes: readonly NetworkNode[];
  readonly chapters: readonly ChapterMark[];
  readonly passages: readonly Passage[];
  readonly outcomes: readonly Outcome[];
  readonly changes: readonly ChangeMark[];
  readonly states: ReadonlyMap<string, readonly StateMark[]>;
  /** It goes on while it is watched: passages are added at its end, and some day the oldest go. */
  readonly isLive: boolean;
  readonly endsAt: number;
}

/**
 * How many of the passages have left before `instant`; they are sorted by departure.
 *
 * At the instant at which a datagram arrives, what it causes has not left yet: so that the two can be told apart.
 */
export function departedBy(passages: readonly Passage[], instant: number): number {
  let [low, high] = [0, passages.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passages[middle]!.at < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last mark at or before `instant`. */
export function lastBy<T extends { readonly at: number }>(marks: readonly T[], instant: number): T | undefined {
  return marks.findLast((mark) => mark.at <= instant);
}

/** What is so at a node at an instant: the kind of its NAT, and what is wrong. */
export function conditionAt({ nodes, changes }: Recording, name: string, instant: number): ChangeMark['effect'] {
  const node = nodes.find((one) => one.name === name);
  const first: ChangeMark['effect'] = {
    ...(node?.nat === undefined ? {} : { nat: node.nat }),
    ...(node?.loss === undefined ? {} : { loss: node.loss }),
  };
  const later = changes.filter((change) => change.node === name && change.at <= instant);
  return Object.assign({}, first, ...later.map(({ effect }) => effect));
}

/** What is wrong, in a word or two; empty: nothing. */
export function troubleWords({ isCut, loss = 0, isWithdrawn }: Trouble): string {
  if (isCut === true) return 'link cut';
  if (isWithdrawn === true) return 'announces nothing';
  return loss > 0 ? `loses ${Math.round(loss * 100)} %` : '';
}
