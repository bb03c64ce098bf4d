/** A Teredo server as a client knows it. */
export interface ServerAddress {
  /** The primary and the secondary IPv4 address, int32 (RFC 4380 §5.2; ledger CLI-01). */
  readonly ipv4: number;
  readonly ipv4Secondary: number;
  /** 0 is liked best. Addresses of one name are liked alike. */
  readonly preference: number;
}

/** A server that failed is asked after all others for this long; doubles with each failure in a row. */
const AVOIDED_MIN_MS = 30_000;
const AVOIDED_MAX_MS = 600_000;
/** Servers that are looked at; what a name has beyond is left out. */
export const SERVERS_MAX = 16;

/** A server and what became of our exchanges with it. */
interface Standing {
  readonly address: ServerAddress;
  failures: number;
  avoidedUntil: number;
  /** The last round trip, in ms; Infinity: none yet. */
  roundTripMs: number;
  askedAt: number;
}

/**
 * The servers a client may use, ranked by preference and, among servers liked alike, by real exchanges: first the one
 * that answered fastest, then those that were never asked. Whoever failed lately comes last.
 *
 * Bounded by `SERVERS_MAX`.
 */
export class Servers {
  #standings: Standing[] = [];

  constructor(addresses: readonly ServerAddress[]) {
    this.set(addresses);
  }

  get count(): number {
    return this.#standings.length;
  }

  /** Replaces the list; what is known of servers that stay is kept. */
  set(addresses: readonly ServerAddress[]): void {
    const before = this.#standings;
    const seen = new Set<number>();
    this.#standings = [];
    for (const address of addresses) {
      if (seen.has(address.ipv4) || this.#standings.length === SERVERS_MAX) continue;
      seen.add(address.ipv4);
      const known = before.find((standing) => standing.address.ipv4 === address.ipv4);
      this.#standings.push({ ...(known ?? UNKNOWN), address });
    }
  }

  /** By primary address; undefined: not on the list. */
  get(ipv4: number): ServerAddress | undefined {
    return this.#find(ipv4)?.address;
  }

  /** Best first. */
  ranked(now: number): readonly ServerAddress[] {
    const isAvoided = (standing: Standing) => standing.avoidedUntil > now;
    const better = (a: Standing, b: Standing) => {
      if (isAvoided(a) !== isAvoided(b)) return isAvoided(a) ? 1 : -1;
      if (isAvoided(a) && a.avoidedUntil !== b.avoidedUntil) return a.avoidedUntil - b.avoidedUntil;
      if (a.address.preference !== b.address.preference) return a.address.preference - b.address.preference;
      return a.roundTripMs === b.roundTripMs ? 0 : a.roundTripMs - b.roundTripMs;
    };
    return this.#standings.toSorted(better).map(({ address }) => address);
  }

  /** Servers that are liked better than this one. */
  preferredTo(server: ServerAddress | undefined): readonly ServerAddress[] {
    const preference = server?.preference ?? Number.POSITIVE_INFINITY;
    return this.#standings.flatMap(({ address }) => (address.preference < preference ? [address] : []));
  }

  asked(ipv4: number, now: number): void {
    const standing = this.#find(ipv4);
    if (standing !== undefined) standing.askedAt = now;
  }

  answered(ipv4: number, now: number): void {
    const standing = this.#find(ipv4);
    if (standing !== undefined) standing.roundTripMs = now - standing.askedAt;
  }

  /** It served us: earlier failures are forgotten. */
  succeeded(ipv4: number): void {
    const standing = this.#find(ipv4);
    if (standing === undefined) return;
    standing.failures = 0;
    standing.avoidedUntil = Number.NEGATIVE_INFINITY;
  }

  failed(ipv4: number, now: number): void {
    const standing = this.#find(ipv4);
    if (standing === undefined) return;
    standing.avoidedUntil = now + Math.min(AVOIDED_MAX_MS, AVOIDED_MIN_MS * 2 ** standing.failures++);
  }

  #find(ipv4: number): Standing | undefined {
    return this.#standings.find(({ address }) => address.ipv4 === ipv4);
  }
}

const UNKNOWN = {
  failures: 0,
  avoidedUntil: Number.NEGATIVE_INFINITY,
  roundTripMs: Number.POSITIVE_INFINITY,
  askedAt: 0,
};
