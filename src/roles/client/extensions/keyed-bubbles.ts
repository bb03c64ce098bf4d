import { readI32, writeI32 } from '../../../wire/bytes.ts';
import { PEER_VALIDITY_MS } from '../../constants.ts';
import type { Random } from '../../role.ts';
import type { Extension } from './extension.ts';

/** fe80::/64, then 64 bits that only the receiver of a bubble learns. */
const LINK_LOCAL_PREFIX = 0xfe800000 | 0;
/** U and G bits of an interface identifier: a random one has both clear. */
const UNIVERSAL_AND_GROUP = 0x03000000;
/** A key is good for so long; one of half that age is not sent any more. */
const VALIDITY_MS = PEER_VALIDITY_MS;

interface Key {
  readonly high: number;
  readonly low: number;
  readonly drawnAt: number;
}

interface Keyless {
  /** Undefined: none is out. */
  key: Key | undefined;
  /** Whether the next question is to have one. */
  isNext: boolean;
}

/**
 * What Miredo has instead of RFC 6081 §5.2: it answers a bubble by swapping its addresses (ledger CLI-86, REL-15).
 *
 * A peer that was asked with a nonce, and comes from elsewhere than its address says without that nonce, is behind a
 * symmetric NAT and has never heard of RFC 6081. From then on every other question to it comes from a link-local address
 * with a key, the next one first; a bubble back to that key comes from whoever received the question. Peers that know
 * nonces never get such a bubble.
 *
 * A key is random, one peer's, good for 30 s and once. Bounded by the peers of the table.
 */
export class KeyedBubbles implements Extension {
  readonly #random: Random;
  /** By peer. */
  readonly #peers = new Map<number, Keyless>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The peer has answered, but not as RFC 6081 would have it; true: that is news. */
  noteNonceless(peer: number): boolean {
    if (this.#peers.has(peer)) return false;
    this.#peers.set(peer, { key: undefined, isNext: true });
    return true;
  }

  /** The 16 octets that the next question to this peer comes from; undefined: it comes from our own address. */
  source(peer: number, now: number): Uint8Array | undefined {
    const keyless = this.#peers.get(peer);
    if (keyless === undefined) return undefined;
    keyless.isNext = !keyless.isNext;
    if (keyless.isNext) return undefined;
    const { high, low } = this.#freshKey(keyless, now);
    const source = new Uint8Array(16);
    writeI32(source, 0, LINK_LOCAL_PREFIX);
    writeI32(source, 8, high);
    writeI32(source, 12, low);
    return source;
  }

  /** Whether the link-local address at `at` is the key of this peer; it is good once. */
  takes(peer: number, bytes: Uint8Array, at: number, now: number): boolean {
    const keyless = this.#peers.get(peer);
    const key = keyless?.key;
    if (keyless === undefined || key === undefined || now - key.drawnAt >= VALIDITY_MS) return false;
    if (readI32(bytes, at) !== LINK_LOCAL_PREFIX || readI32(bytes, at + 4) !== 0) return false;
    if (readI32(bytes, at + 8) !== key.high || readI32(bytes, at + 12) !== key.low) return false;
    keyless.key = undefined;
    return true;
  }

  forget(peer: number): void {
    this.#peers.delete(peer);
  }

  #freshKey(keyless: Keyless, now: number): Key {
    const { key } = keyless;
    if (key !== undefined && now - key.drawnAt < VALIDITY_MS / 2) return key;
    const high = this.#random.uint32() & ~UNIVERSAL_AND_GROUP;
    keyless.key = { high, low: this.#random.uint32() | 0, drawnAt: now };
    return keyless.key;
  }
}
