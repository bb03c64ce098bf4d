import { signal } from '@preact/signals';
import type { RoleStatus } from '../../../src/daemon/status/status.ts';

/** A rate is that of the last seconds: long enough to be calm, short enough to be now. */
const WINDOW_MS = 10_000;

/** Why packets ended at one role, and how many. */
export interface DropLine {
  readonly role: string;
  readonly reason: string;
  readonly count: number;
  readonly perSecond: number;
  /** What the system refused, rather than the rules. */
  readonly isError: boolean;
}

interface Sample {
  readonly at: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Reasons for drops with their rates. */
export class DropRates {
  readonly lines = signal<readonly DropLine[]>([]);
  #samples: Sample[] = []; // Bounded by WINDOW_MS.

  hear(at: number, roles: readonly RoleStatus[]): void {
    const all = roles.flatMap(({ role, drops, errors }) => [
      ...Object.entries(drops).map(([reason, count]) => ({ role, reason, count, isError: false })),
      ...Object.entries(errors).map(([reason, count]) => ({ role, reason, count, isError: true })),
    ]);
    const counts = new Map(all.map((line) => [keyOf(line), line.count]));
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, counts }];
    const first = this.#samples[0]!;
    this.lines.value = all
      .map((line) => ({ ...line, perSecond: rate(line.count - (first.counts.get(keyOf(line)) ?? 0), at - first.at) }))
      .toSorted((a, b) => b.count - a.count);
  }
}

function keyOf({ role, reason, isError }: Omit<DropLine, 'count' | 'perSecond'>): string {
  return `${role} ${isError} ${reason}`;
}

/** Counts that went back belong to a process that began anew. */
function rate(count: number, ms: number): number {
  return ms <= 0 || count < 0 ? 0 : (1_000 * count) / ms;
}
