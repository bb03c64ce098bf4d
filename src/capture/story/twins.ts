/** The same datagram on more than one wire: behind a NAT and before it, or hop by hop. */

import { equal } from '../../wire/bytes.ts';
import { isGlobalUnicast } from '../../wire/ipv4.ts';
import type { CapturedDatagram, Endpoint } from '../datagram.ts';
import { sameEndpoint } from './scene.ts';

interface Seen {
  readonly at: number;
  readonly link: string;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly payload: Uint8Array;
}

/** What became of a datagram that was seen before. */
export interface Translation {
  readonly before: { readonly source: Endpoint; readonly destination: Endpoint; readonly link: string };
  readonly isOutbound: boolean;
}

/** Our own bounds: a datagram crosses a NAT in less, and few are on their way at one time. */
const WINDOW_MS = 1_000;
const REMEMBERED_MAX = 64;

export class Twins {
  readonly #recent: Seen[] = []; // Bounded by REMEMBERED_MAX.

  /** What this sighting is to an earlier one: its translation, one more hop of it, or (undefined) something new. */
  find(sighting: CapturedDatagram & { readonly at: number; readonly link?: string }): Translation | 'hop' | undefined {
    const { at, source, destination, payload } = sighting;
    const seen: Seen = { at, link: sighting.link ?? '', source, destination, payload };
    let found: Translation | 'hop' | undefined;
    for (let i = this.#recent.length - 1; i >= 0 && found === undefined; i--) {
      const before = this.#recent[i]!;
      if (at - before.at <= WINDOW_MS && isSamePayload(before.payload, payload)) found = relation(before, seen);
    }
    this.#recent.push(seen);
    if (this.#recent.length > REMEMBERED_MAX) this.#recent.shift();
    return found;
  }
}

function relation(before: Seen, now: Seen): Translation | 'hop' | undefined {
  const isSameSource = sameEndpoint(before.source, now.source);
  const isSameDestination = sameEndpoint(before.destination, now.destination);
  const isOtherLink = before.link !== now.link;
  if (isSameSource && isSameDestination) return isOtherLink ? 'hop' : undefined;
  // One wire alone can show both sides of a NAT only between private and public addresses.
  if (isSameDestination && !isSameSource) {
    const isOutward = !isGlobalUnicast(before.source.ipv4) && (isOtherLink || isGlobalUnicast(now.source.ipv4));
    return isOutward ? { before, isOutbound: true } : undefined;
  }
  if (isSameSource && !isSameDestination) {
    const isInward =
      !isGlobalUnicast(now.destination.ipv4) && (isOtherLink || isGlobalUnicast(before.destination.ipv4));
    return isInward ? { before, isOutbound: false } : undefined;
  }
  return undefined;
}

function isSamePayload(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && equal(a, 0, b, 0, a.length);
}
