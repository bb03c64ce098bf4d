import { copy, readI32, writeI32 } from '../wire/bytes.ts';

/**
 * The list of recent peers (RFC 4380 §5.2, §5.4; ledger CLI-05) as columns: a peer is an integer, a fact is an element.
 *
 * Keys are whole IPv6 addresses, flags included (ledger W-03), found through a seeded hash, so that nobody outside
 * can choose addresses that share a chain. Everything is allocated once; all operations are O(1).
 *
 * Bounded by `capacity`. When it is full a peer that was not used of late makes room, untrusted ones first, so that a
 * flood of strangers cannot push out a peer that has proved itself (ledger CLI-06, SEC-12). Of the untrusted at
 * most `untrustedMax` are kept. A peer costs about 104 octets; octets
 * carried are not counted by peer, for two more doubles would take it past the 110 that we promise.
 */
export class PeerTable {
  readonly capacity: number;
  /** 1: the peer has shown that it receives at its mapping (RFC 4380 §5.2). */
  readonly trusted: Uint8Array;
  /** 1: learnt by local discovery (RFC 4380 §5.2.8); then it also has the three columns that follow. */
  readonly local: Uint8Array;
  /** The local address, which may be private, and the local port. */
  readonly localIpv4: Int32Array;
  readonly localPort: Uint16Array;
  /** Instant of the last discovery bubble, or of the last word from the local address. */
  readonly localHeardAt: Float64Array;
  /** The mapped address and port that datagrams to this peer go to. */
  readonly ipv4: Int32Array;
  readonly port: Uint16Array;
  /** Which local socket reaches it; 0: the service port. */
  readonly via: Uint8Array;
  /** Instants in ms; -Infinity: never. */
  readonly lastReceptionAt: Float64Array;
  readonly lastTransmissionAt: Float64Array;
  readonly lastBubbleAt: Float64Array;
  /** Whole seconds of the same clock: when the peer came into the list. */
  readonly addedAtSeconds: Uint32Array;
  /** Bubbles sent since the last direct answer (RFC 4380 §5.2.6). */
  readonly bubbles: Uint8Array;
  /** Two int32 columns: what only the peer can know, because we sent it there. */
  readonly nonceHigh: Int32Array;
  readonly nonceLow: Int32Array;

  readonly #keys: Int32Array;
  readonly #heads: Int32Array;
  readonly #mask: number;
  readonly #seed: number;
  /** The next peer in the same hash chain, or in the list of free places. */
  readonly #chain: Int32Array;
  /** Two circular lists in order of use, newest behind the sentinel: `capacity` for untrusted, +1 for trusted. */
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  /** The instant at which a peer was put at the front of its list: it is moved lazily, not at every packet. */
  readonly #placedAt: Float64Array;
  readonly untrustedMax: number;
  readonly #onRemove: (peer: number) => void;
  #free = 0;
  #untrusted = 0;
  #size = 0;
  /** One past the highest place that was ever taken. */
  #end = 0;
  #evicted = 0;
  #evictedUntrusted = 0;

  /**
   * Units:  `capacity` and `untrustedMax` are counts of peers.
   * Shape:  `seed` is any int32 nobody else knows; `onRemove` is told of each peer before its place is given up.
   * Errors: none; a capacity below 1 counts as 1.
   */
  constructor(capacity: number, untrustedMax: number, seed: number, onRemove: (peer: number) => void) {
    this.capacity = Math.max(1, capacity);
    const n = this.capacity;
    this.trusted = new Uint8Array(n);
    this.local = new Uint8Array(n);
    this.localIpv4 = new Int32Array(n);
    this.localPort = new Uint16Array(n);
    this.localHeardAt = new Float64Array(n);
    this.ipv4 = new Int32Array(n);
    this.port = new Uint16Array(n);
    this.via = new Uint8Array(n);
    this.lastReceptionAt = new Float64Array(n);
    this.lastTransmissionAt = new Float64Array(n);
    this.lastBubbleAt = new Float64Array(n);
    this.addedAtSeconds = new Uint32Array(n);
    this.bubbles = new Uint8Array(n);
    this.nonceHigh = new Int32Array(n);
    this.nonceLow = new Int32Array(n);
    this.#keys = new Int32Array(4 * n);
    this.#chain = new Int32Array(n);
    this.#older = new Int32Array(n + 2);
    this.#newer = new Int32Array(n + 2);
    this.#placedAt = new Float64Array(n);
    // Chains are stored as peer + 1, so that the zeroed memory of a large table need not be touched before use.
    const buckets = 2 ** Math.ceil(Math.log2(n));
    this.#heads = new Int32Array(buckets);
    this.#mask = buckets - 1;
    this.#seed = seed | 0;
    this.untrustedMax = Math.max(1, Math.min(untrustedMax, n));
    this.#onRemove = onRemove;
    for (const sentinel of [n, n + 1]) {
      this.#older[sentinel] = sentinel;
      this.#newer[sentinel] = sentinel;
    }
  }

  get size(): number {
    return this.#size;
  }

  get untrustedSize(): number {
    return this.#untrusted;
  }

  /** Peers that had to make room because the table was full ... */
  get evicted(): number {
    return this.#evicted;
  }

  /** ... and those that had to because too many were untrusted. */
  get evictedUntrusted(): number {
    return this.#evictedUntrusted;
  }

  /** Places from 0 on that may hold a peer: a snapshot need not look further. */
  get end(): number {
    return this.#end;
  }

  /** Whether this place below `end` holds a peer now. */
  isTaken(peer: number): boolean {
    return !Number.isNaN(this.#placedAt[peer]!);
  }

  /** The peer with the 16-octet address at `at`; -1: none. */
  find(bytes: Uint8Array, at: number): number {
    const a = readI32(bytes, at);
    const b = readI32(bytes, at + 4);
    const c = readI32(bytes, at + 8);
    const d = readI32(bytes, at + 12);
    const keys = this.#keys;
    let peer = this.#heads[this.#hash(a, b, c, d)]! - 1;
    while (peer >= 0) {
      const key = 4 * peer;
      // The last words differ most often between Teredo addresses.
      if (keys[key + 3] === d && keys[key + 2] === c && keys[key + 1] === b && keys[key] === a) return peer;
      peer = this.#chain[peer]! - 1;
    }
    return -1;
  }

  /**
   * The peer with the address at `at`, created when it is new.
   *
   * Shape:  a new peer is untrusted, was never heard or sent to, and has no mapping yet.
   * Errors: none: a full table removes its least recently used peer.
   */
  add(bytes: Uint8Array, at: number, now: number): number {
    const known = this.find(bytes, at);
    if (known >= 0) return known;
    if (this.#untrusted >= this.untrustedMax) this.#removeUntrusted();
    else if (this.#size === this.capacity) this.#makeRoom();

    const peer = this.#takePlace();
    const key = 4 * peer;
    for (let i = 0; i < 4; i++) this.#keys[key + i] = readI32(bytes, at + 4 * i);
    const bucket = this.#bucketOf(peer);
    this.#chain[peer] = this.#heads[bucket]!;
    this.#heads[bucket] = peer + 1;
    this.trusted[peer] = 0;
    this.local[peer] = 0;
    this.ipv4[peer] = 0;
    this.port[peer] = 0;
    this.via[peer] = 0;
    this.lastReceptionAt[peer] = Number.NEGATIVE_INFINITY;
    this.lastTransmissionAt[peer] = Number.NEGATIVE_INFINITY;
    this.lastBubbleAt[peer] = Number.NEGATIVE_INFINITY;
    this.addedAtSeconds[peer] = Math.max(0, now) / 1000;
    this.bubbles[peer] = 0;
    this.nonceHigh[peer] = 0;
    this.nonceLow[peer] = 0;
    this.#size++;
    this.#untrusted++;
    this.#place(peer, this.capacity, now);
    return peer;
  }

  /** Marks a peer as trusted, heard at `now` from this mapping; a direct answer clears its bubble count. */
  trust(peer: number, ipv4: number, port: number, now: number, via = 0): void {
    if (this.trusted[peer] === 0) {
      this.trusted[peer] = 1;
      this.#untrusted--;
    }
    this.ipv4[peer] = ipv4;
    this.port[peer] = port;
    this.via[peer] = via;
    this.lastReceptionAt[peer] = now;
    this.bubbles[peer] = 0;
    this.#unlink(peer);
    this.#place(peer, this.capacity + 1, now);
  }

  /** Takes the trust from a peer; another untrusted one makes room if there are too many. */
  distrust(peer: number, now: number): void {
    if (this.trusted[peer] === 0) return;
    // While the peer is in neither list, so that it cannot be the one that goes.
    this.#unlink(peer);
    if (this.#untrusted >= this.untrustedMax) this.#removeUntrusted();
    this.trusted[peer] = 0;
    this.#untrusted++;
    this.#place(peer, this.capacity, now);
  }

  remove(peer: number): void {
    this.#onRemove(peer);
    const bucket = this.#bucketOf(peer);
    let here = this.#heads[bucket]! - 1;
    if (here === peer) {
      this.#heads[bucket] = this.#chain[peer]!;
    } else {
      while (this.#chain[here]! - 1 !== peer) here = this.#chain[here]! - 1;
      this.#chain[here] = this.#chain[peer]!;
    }
    this.#unlink(peer);
    if (this.trusted[peer] === 0) this.#untrusted--;
    this.#size--;
    this.#chain[peer] = this.#free;
    this.#free = peer + 1;
    this.#placedAt[peer] = Number.NaN;
  }

  clear(): void {
    for (const sentinel of [this.capacity, this.capacity + 1]) {
      while (this.#newer[sentinel] !== sentinel) this.remove(this.#newer[sentinel]!);
    }
  }

  /** Writes the 16 octets of a peer's address. */
  writeAddress(peer: number, bytes: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) writeI32(bytes, at + 4 * i, this.#keys[4 * peer + i]!);
  }

  /** A copy of a peer's address, for events and displays. */
  address(peer: number): Uint8Array {
    const bytes = new Uint8Array(16);
    this.writeAddress(peer, bytes, 0);
    return bytes;
  }

  /** Calls `visit` for every peer, most recently placed first, trusted ones before the others. */
  forEach(visit: (peer: number) => void): void {
    for (const sentinel of [this.capacity + 1, this.capacity]) {
      for (let peer = this.#older[sentinel]!; peer !== sentinel; peer = this.#older[peer]!) visit(peer);
    }
  }

  #makeRoom(): void {
    this.#evicted++;
    this.remove(this.#oldest(this.#untrusted > 0 ? this.capacity : this.capacity + 1));
  }

  #removeUntrusted(): void {
    this.#evictedUntrusted++;
    this.remove(this.#oldest(this.capacity));
  }

  /** The peer of this list that was used least recently: those used since they were placed get another round. */
  #oldest(sentinel: number): number {
    // Bounded by 64 rounds, so that one eviction stays O(1); the one met then is old enough.
    for (let round = 0; round < 64; round++) {
      const peer = this.#newer[sentinel]!;
      const usedAt = Math.max(this.lastReceptionAt[peer]!, this.lastTransmissionAt[peer]!);
      if (usedAt <= this.#placedAt[peer]!) return peer;
      this.#unlink(peer);
      this.#place(peer, sentinel, usedAt);
    }
    return this.#newer[sentinel]!;
  }

  #takePlace(): number {
    if (this.#free === 0) {
      this.#end = this.#size + 1;
      return this.#size;
    }
    const peer = this.#free - 1;
    this.#free = this.#chain[peer]!;
    return peer;
  }

  #place(peer: number, sentinel: number, at: number): void {
    const newest = this.#older[sentinel]!;
    this.#older[sentinel] = peer;
    this.#newer[peer] = sentinel;
    this.#older[peer] = newest;
    this.#newer[newest] = peer;
    this.#placedAt[peer] = at;
  }

  #unlink(peer: number): void {
    this.#newer[this.#older[peer]!] = this.#newer[peer]!;
    this.#older[this.#newer[peer]!] = this.#older[peer]!;
  }

  #bucketOf(peer: number): number {
    const keys = this.#keys;
    const key = 4 * peer;
    return this.#hash(keys[key]!, keys[key + 1]!, keys[key + 2]!, keys[key + 3]!);
  }

  /** Multiply and mix, word by word, from a secret start. */
  #hash(a: number, b: number, c: number, d: number): number {
    let h = this.#seed;
    h = Math.imul(h ^ d, 0x9e3779b1);
    h = Math.imul((h ^ (h >>> 15)) + c, 0x85ebca6b);
    h = Math.imul((h ^ (h >>> 13)) + b, 0xc2b2ae35);
    h = Math.imul((h ^ (h >>> 16)) + a, 0x27d4eb2f);
    return (h ^ (h >>> 15)) & this.#mask;
  }
}

/** A copy of the 16 octets at `at`. */
export function copyAddress(bytes: Uint8Array, at: number): Uint8Array {
  const address = new Uint8Array(16);
  copy(bytes, at, address, 0, 16);
  return address;
}
