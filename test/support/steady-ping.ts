import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';

/** Echo requests from one host to another, ten a second and for as long as a test lasts. */
export class SteadyPing {
  static readonly EVERY_MS = 100;
  readonly process: Process;

  constructor(from: Namespace, to: string) {
    const argv = ['ping', '-6', '-n', '-O', '-i', String(SteadyPing.EVERY_MS / 1_000), to];
    this.process = from.start(argv, `ping ${to}`);
  }

  /** Sequence numbers that were answered up to now. */
  get answered(): ReadonlySet<number> {
    const lines = this.process.output.matchAll(/bytes from .* icmp_seq=(\d+) .*time=/g);
    return new Set([...lines].map((match) => Number(match[1])));
  }

  /** The last one that was answered. */
  get last(): number {
    return Math.max(0, ...this.answered);
  }

  /** How much was lost from one sequence number to another, in echoes and in seconds. */
  lost(from: number, to: number): { readonly seconds: number; readonly packets: number } {
    const { answered } = this;
    let packets = 0;
    for (let sequence = from; sequence <= to; sequence++) if (!answered.has(sequence)) packets++;
    return { packets, seconds: (packets * SteadyPing.EVERY_MS) / 1_000 };
  }
}
