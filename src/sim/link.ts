import type { SeededRandom } from './random.ts';

export interface LinkOptions {
  /** One way, in ms. */
  readonly delayMs?: number;
  /** Up to this much more, drawn for each packet; packets may overtake one another then. */
  readonly jitterMs?: number;
  /** Probability from 0 to 1 that a packet is lost. */
  readonly loss?: number;
  /** Probability from 0 to 1 that a packet arrives twice. */
  readonly duplicate?: number;
  /** Largest packet in octets, IP header included. */
  readonly mtu?: number;
}

export const linkDefaults = { delayMs: 5, jitterMs: 0, loss: 0, duplicate: 0, mtu: 1500 } as const;

/** The wire between a node and its network; the same in both directions. Everything can be changed as the world runs. */
export class Link {
  delayMs: number;
  jitterMs: number;
  loss: number;
  duplicate: number;
  mtu: number;
  isUp = true;

  constructor(options: LinkOptions = {}) {
    this.delayMs = options.delayMs ?? linkDefaults.delayMs;
    this.jitterMs = options.jitterMs ?? linkDefaults.jitterMs;
    this.loss = options.loss ?? linkDefaults.loss;
    this.duplicate = options.duplicate ?? linkDefaults.duplicate;
    this.mtu = options.mtu ?? linkDefaults.mtu;
  }

  /** Why a packet of `length` octets does not get across; undefined: it does. One draw at most. */
  refuses(length: number, random: SeededRandom): string | undefined {
    if (!this.isUp) return 'link down';
    if (length > this.mtu) return `link MTU: ${length} octets, ${this.mtu} fit`;
    if (random.chance(this.loss)) return 'link loss';
    return undefined;
  }

  /** Time across for one packet, in ms; whole microseconds, so that a saved trace tells the same instants. */
  delay(random: SeededRandom): number {
    if (this.jitterMs === 0) return this.delayMs;
    return Math.round((this.delayMs + random.fraction() * this.jitterMs) * 1_000) / 1_000;
  }
}
