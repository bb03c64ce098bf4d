/** The nodes of a network as the page shows them, wherever they come from: the simulator or a running daemon. */

export type NodeKind =
  | 'client'
  | 'NAT'
  | 'server'
  | 'relay'
  | 'IPv6 host'
  | 'dual-stack host'
  | 'name server'
  | 'IPv4 host';

export interface NetworkNode {
  readonly name: string;
  readonly kind: NodeKind;
  /** One clause for people; may be empty. */
  readonly about: string;
  /** Addresses that do not change, as text; a Teredo address comes and goes and is not among them. */
  readonly addresses: readonly string[];
  /** The NAT it stands behind. */
  readonly behind: string | undefined;
  /** What kind of NAT it is; for NATs alone. */
  readonly nat: string | undefined;
  /** Probability that its link loses something, from 0 to 1. */
  readonly loss: number | undefined;
}

/** Clients by the NATs in front of them: the way out, nearest NAT first. */
export function natsBefore(nodes: readonly NetworkNode[], name: string): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const way: string[] = [];
  for (let nat = byName.get(name)?.behind; nat !== undefined; nat = byName.get(nat)?.behind) way.push(nat);
  return way;
}
