/** What a capture held, counted. Bounded by the words that reasons and kinds are made of. */
export class Totals {
  /** Teredo datagrams by kind. */
  readonly kinds = new Map<string, number>();
  /** Datagrams that begin as Teredo does, or came to its port, and are not; by reason. */
  readonly lookAlikes = new Map<string, number>();
  /** Everything else, by what it is. */
  readonly others = new Map<string, number>();
  teredo = 0;
  /** Octets of UDP payload that were Teredo. */
  teredoOctets = 0;
  /** Datagrams seen again on another wire. */
  copies = 0;

  get lookAlike(): number {
    return sum(this.lookAlikes);
  }

  get other(): number {
    return sum(this.others);
  }

  countTeredo(kind: string, octets: number): void {
    this.teredo++;
    this.teredoOctets += octets;
    increment(this.kinds, kind);
  }

  countLookAlike(reason: string): void {
    increment(this.lookAlikes, reason);
  }

  countOther(reason: string): void {
    increment(this.others, reason);
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
