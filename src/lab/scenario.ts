import type { LinkOptions } from '../sim/link.ts';
import type { NatOptions } from '../sim/nat-kinds.ts';
import type { NatName } from './nats.ts';

/**
 * A scenario is data: who is there, and what happens. It says nothing of how it is run, so that the same one can be
 * run in the simulator and on kernels.
 */
export interface Scenario {
  /** What people type: kebab-case. */
  readonly name: string;
  /** One line, for the list. */
  readonly title: string;
  /** What it shows, for the head of its story. */
  readonly about: string;
  readonly nodes: readonly NodeSpec[];
  readonly chapters: readonly Chapter[];
}

/** What every node has. */
export interface Named {
  readonly name: string;
  /** One clause, for the list of nodes; empty: the list leaves the node out. */
  readonly about?: string;
  readonly link?: LinkOptions;
}

/** A node; listed in the order in which it is drawn. A NAT stands behind what it is behind. Addresses are text. */
export type NodeSpec =
  | (Named & {
      readonly type: 'name server';
      readonly ipv4: string;
      readonly names: Readonly<Record<string, readonly string[]>>;
    })
  | (Named & { readonly type: 'server'; readonly ipv4: readonly [string, string] })
  | (Named & { readonly type: 'relay'; readonly ipv4: string; readonly ipv6: string; readonly metric?: number })
  | (Named & { readonly type: 'IPv6-only host'; readonly ipv6: string; readonly nearestRelay?: string })
  | (Named & { readonly type: 'dual-stack host'; readonly ipv4: string; readonly ipv6: string })
  | (Named & { readonly type: 'IPv4 host'; readonly ipv4: string })
  | (Named & {
      readonly type: 'NAT';
      readonly nat: NatName;
      /** Not needed behind another NAT; an address-symmetric NAT has several. */
      readonly ipv4?: string | readonly string[];
      readonly behind?: string;
      readonly options?: NatOptions;
    })
  | (Named & {
      readonly type: 'client';
      readonly server: string;
      readonly behind?: string;
      readonly ipv4?: string;
      readonly servicePort?: number;
      /** Background identification of the NAT; off unless told. */
      readonly identifiesNat?: boolean;
      /** The extensions of RFC 6081, all of them; off unless told. */
      readonly extensions?: boolean;
    });

/** What of a link may be changed as the world runs. */
export interface LinkChange extends LinkOptions {
  /** False: cut. */
  readonly isUp?: boolean;
}

export interface Chapter {
  readonly title: string;
  /** What to look out for, before it happens. */
  readonly about: string;
  readonly steps: readonly Step[];
  /** How it is shown: arrow by arrow, unless as a table of what each NAT let in. */
  readonly show?: 'ladder' | 'NAT table';
}

/** What happens. Each step ends by itself: when its goal is reached, or when the protocol has given up. */
export type Step =
  /** The client qualifies, or goes off-line. */
  | { readonly do: 'start'; readonly clients: readonly string[]; readonly expect: 'qualified' | 'off-line' }
  | { readonly do: 'look up'; readonly from: string; readonly name: string }
  | {
      readonly do: 'ping';
      readonly from: string;
      readonly to: string;
      readonly count?: number;
      readonly expect: 'answered' | 'partly answered' | 'unanswered';
    }
  /** Shows the Teredo address of a client, field by field. */
  | { readonly do: 'show address'; readonly client: string }
  /** Time passes, and nobody tells what is said in it (keep-alives of everybody). */
  | { readonly do: 'skip'; readonly ms: number }
  /** Time passes until the client solicits its server again (RFC 4380 §5.2.5). */
  | { readonly do: 'wait for refresh'; readonly client: string }
  /** Time passes until the client knows its NAT (RFC 4380 §5.2.1, in the background). */
  | { readonly do: 'identify NAT'; readonly clients: readonly string[] }
  | { readonly do: 'withdraw'; readonly relay: string }
  /** The relay announces 2001::/32, again or with another metric: the nearer it seems, the more use it. */
  | { readonly do: 'announce'; readonly relay: string; readonly metric: number }
  | { readonly do: 'change link'; readonly node: string; readonly to: LinkChange }
  /** Another NAT takes the place of this one: same external addresses, and nothing of what was mapped. */
  | { readonly do: 'change NAT'; readonly nat: string; readonly to: NatName }
  /** Somebody sends what must be refused. */
  | { readonly do: 'forge'; readonly from: string; readonly forgery: Forgery };

/** A datagram that nobody should send; `forgery.ts` makes it. */
export type Forgery =
  /**
   * An advertisement of the server with an origin of the forger's choice, to the client's mapped endpoint: from the
   * forger's own address, or with the server's in its place.
   */
  | {
      readonly type: 'advertisement';
      readonly client: string;
      readonly server: string;
      readonly claims: 'forger' | 'server';
    }
  /** A bubble to the server for an address whose mapped endpoint is the server itself (ledger SEC-07). */
  | { readonly type: 'self-addressed bubble'; readonly server: string }
  /** A packet with a client's Teredo address from somewhere else (ledger SEC-04), through a relay to a native host. */
  | { readonly type: 'false mapping'; readonly relay: string; readonly client: string; readonly to: string }
  /** A packet from a client's Teredo address and endpoint, through a relay back to 2001::/32 (ledger SEC-09). */
  | { readonly type: 'loop through relay'; readonly relay: string; readonly client: string };
