import { Counter, Gauge, Registry } from 'prom-client';
import type { Status } from '../status/status.ts';
import { FAMILIES } from './families.ts';

/** The status as Prometheus reads it: a registry that is filled when it is read, and costs nothing between. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = FAMILIES.map((family) => {
    const { name, help, labels: labelNames } = family;
    const options = { name, help, labelNames, registers: [this.#registry] };
    return { family, metric: family.type === 'counter' ? new Counter(options) : new Gauge(options) };
  });

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(status: Status): Promise<string> {
    for (const { family, metric } of this.#metrics) {
      metric.reset();
      for (const { labels, value } of family.samples(status)) {
        metric.inc(Object.fromEntries(family.labels.map((name, index) => [name, labels[index] ?? ''])), value);
      }
    }
    return this.#registry.metrics();
  }
}
