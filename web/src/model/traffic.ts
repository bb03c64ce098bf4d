import { signal } from '@preact/signals';
import type { LiveCounters } from '../../../src/daemon/control/live.ts';

/** How far back the pictures go. */
export const SHOWN_MS = 300_000;
/** A rate is taken over at least so long, so that it does not flicker. */
const WINDOW_MS = 950;

/** Rates at one instant, over all roles; NaN: nobody was heard. */
export interface TrafficPoint {
  /** ms since 1970. */
  readonly at: number;
  readonly receivedPerSecond: number;
  readonly sentPerSecond: number;
  readonly receivedBits: number;
  readonly sentBits: number;
}

export interface AnswerPoint {
  readonly at: number;
  /** ms; NaN: no answer. */
  readonly ms: number;
}

interface Sample {
  readonly at: number;
  readonly received: number;
  readonly sent: number;
  readonly receivedOctets: number;
  readonly sentOctets: number;
}

/** Datagrams and bits a second on the IPv4 side, made from what was counted. */
export class Traffic {
  /** Oldest first; bounded by SHOWN_MS. */
  readonly points = signal<readonly TrafficPoint[]>([]);
  readonly answers = signal<readonly AnswerPoint[]>([]);
  #samples: Sample[] = []; // Bounded by WINDOW_MS.

  hear({ at, roles }: LiveCounters): void {
    const total = (count: (role: LiveCounters['roles'][number]) => number) =>
      roles.reduce((sum, role) => sum + count(role), 0);
    const sample: Sample = {
      at,
      received: total((role) => role.datagramsReceived),
      sent: total((role) => role.datagramsSent),
      receivedOctets: total((role) => role.datagramOctetsReceived),
      sentOctets: total((role) => role.datagramOctetsSent),
    };
    const before = this.#samples.findLast((one) => at - one.at >= WINDOW_MS) ?? this.#samples[0];
    const isAnew = before !== undefined && (sample.received < before.received || sample.sent < before.sent);
    this.#samples = isAnew ? [sample] : [...this.#samples.filter((one) => at - one.at < 2 * WINDOW_MS), sample];
    if (before === undefined || isAnew || at <= before.at) return;
    const perSecond = (count: number) => (1_000 * count) / (at - before.at);
    this.points.value = recent(this.points.value, {
      at,
      receivedPerSecond: perSecond(sample.received - before.received),
      sentPerSecond: perSecond(sample.sent - before.sent),
      receivedBits: 8 * perSecond(sample.receivedOctets - before.receivedOctets),
      sentBits: 8 * perSecond(sample.sentOctets - before.sentOctets),
    });
  }

  hearAnswer(at: number, ms: number | null): void {
    this.answers.value = recent(this.answers.value, { at, ms: ms ?? Number.NaN });
  }

  lose(at: number): void {
    this.#samples = [];
    const nothing = Number.NaN;
    this.points.value = recent(this.points.value, {
      at,
      receivedPerSecond: nothing,
      sentPerSecond: nothing,
      receivedBits: nothing,
      sentBits: nothing,
    });
    this.hearAnswer(at, null);
  }
}

function recent<T extends { readonly at: number }>(points: readonly T[], point: T): T[] {
  const first = points.findIndex(({ at }) => point.at - at <= SHOWN_MS);
  return [...(first < 0 ? [] : points.slice(first)), point];
}
