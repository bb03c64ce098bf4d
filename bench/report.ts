/** What a run of the benchmark knows: plain data, written as JSON and read by the comparison. */

/** Who is measured: this project, Miredo, and the kernel's own path through the same NAT without any tunnel. */
export const CONTESTANTS = ['ours', 'miredo', 'kernel'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

/** One line of the table, before anything is measured. */
export interface Measure {
  /** Stable, for comparisons: "tcp/up/1". */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Which of two values is the better one; neither: it explains other lines. */
  readonly better: 'higher' | 'lower' | 'neither';
  readonly goal?: Goal;
  /** Differences below it mean nothing, in the unit of the measure. */
  readonly resolution?: number;
}

/** What must hold: for `higher` at least, for `lower` at most. */
export interface Goal {
  /** Ours divided by Miredo's. */
  readonly miredo?: number;
  /** Ours divided by the kernel's path without a tunnel. */
  readonly kernel?: number;
  /** In the unit of the measure. */
  readonly value?: number;
}

export interface Row extends Measure {
  /** Every repetition, in order. A contestant that this measure does not know is absent. */
  readonly samples: Readonly<Partial<Record<Contestant, readonly number[]>>>;
}

export interface Report {
  readonly format: 1;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly command: string;
  readonly repetitions: number;
  readonly rows: readonly Row[];
}

/** Collects values as they are measured; lines keep the order in which they were first seen. */
export class Results {
  readonly #rows = new Map<string, Measure & { samples: Partial<Record<Contestant, number[]>> }>();

  add(measure: Measure, contestant: Contestant, value: number): void {
    let row = this.#rows.get(measure.name);
    if (row === undefined) {
      row = { ...measure, samples: {} };
      this.#rows.set(measure.name, row);
    }
    const samples = row.samples[contestant] ?? [];
    samples.push(value);
    row.samples[contestant] = samples;
  }

  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }
}
