import { COUNTERS_LENGTH, Counter, PortCounters } from '../io/counters.ts';
import { errorName } from '../io/linux/errno.ts';
import { CASES, caseName } from '../roles/case.ts';
import { DROP_REASONS, dropName } from '../roles/drop.ts';

const DOUBLE = 8;
const ROLE_LENGTH = DROP_REASONS + CASES + COUNTERS_LENGTH;

/** A process's counters in shared memory: the data path writes them, anybody reads them without asking. */
export class RoleCounters {
  readonly drops: Float64Array;
  readonly cases: Float64Array;
  readonly ports: PortCounters;

  constructor(memory: SharedArrayBuffer, role: number) {
    const at = role * ROLE_LENGTH * DOUBLE;
    this.drops = new Float64Array(memory, at, DROP_REASONS);
    this.cases = new Float64Array(memory, at + DROP_REASONS * DOUBLE, CASES);
    const portsAt = at + (DROP_REASONS + CASES) * DOUBLE;
    this.ports = new PortCounters(new Float64Array(memory, portsAt, COUNTERS_LENGTH));
  }

  static memory(roles: number): SharedArrayBuffer {
    return new SharedArrayBuffer(roles * ROLE_LENGTH * DOUBLE);
  }

  /** Drops so far by reason in words, only those that happened. */
  dropsByName(): Map<string, number> {
    const found = new Map<string, number>();
    for (const [reason, count] of this.drops.entries()) if (count > 0) found.set(dropName(reason), count);
    return found;
  }

  /** What went as the RFCs have it so far, by case in words, only those that happened. */
  casesByName(): Map<string, number> {
    const found = new Map<string, number>();
    for (const [number, count] of this.cases.entries()) if (count > 0) found.set(caseName(number), count);
    return found;
  }

  /** What the system refused so far, by the name of the error: "ENETUNREACH". */
  errorsByName(): Map<string, number> {
    return new Map([...this.ports.errors()].map(([number, count]) => [errorName(number), count]));
  }

  /** Mistakes of ours that were survived. */
  get faults(): number {
    return this.ports.get(Counter.Faults);
  }
  get datagramsReceived(): number {
    return this.ports.get(Counter.DatagramsReceived);
  }
  get datagramsSent(): number {
    return this.ports.get(Counter.DatagramsSent);
  }
  get packetsReceived(): number {
    return this.ports.get(Counter.PacketsReceived);
  }
  get packetsSent(): number {
    return this.ports.get(Counter.PacketsSent);
  }
}
