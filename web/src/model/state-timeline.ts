import { signal } from '@preact/signals';
import type { LiveEvent, LiveStatus } from '../../../src/daemon/control/live.ts';
import type { State } from '../../../src/daemon/status/status.ts';

/** States as the page colours them. `unheard`: the process did not answer. */
export type Standing = 'offline' | 'dormant' | 'probe' | 'qualified' | 'online' | 'draining' | 'unheard';

export interface Span {
  readonly from: number;
  /** Undefined: it goes on. */
  readonly to: number | undefined;
  readonly standing: Standing;
}

interface Mark {
  readonly role: string;
  readonly at: number;
  readonly standing: Standing;
}

const MARKS_MAX = 1_000;

/** What an event means for the state of its role. */
const BY_EVENT: Readonly<Record<string, Standing>> = {
  starting: 'probe',
  qualified: 'qualified',
  'off-line': 'offline',
  dormant: 'dormant',
};

/** How each role stood, as far back as the process remembers. */
export class StateTimeline {
  /** By role, oldest first. */
  readonly spans = signal<ReadonlyMap<string, readonly Span[]>>(new Map());
  #marks: readonly Mark[] = []; // Bounded by MARKS_MAX.
  #isLost = false;

  hearEvents(events: readonly LiveEvent[]): void {
    this.#add(
      events.flatMap(({ type, role, time }) => {
        const standing = type === 'ready' && role !== 'client' ? 'online' : BY_EVENT[type];
        const at = Date.parse(time ?? '');
        return standing === undefined || role === undefined || Number.isNaN(at) ? [] : [{ role, at, standing }];
      }),
    );
  }

  hearStatus({ at, status }: LiveStatus): void {
    const wasLost = this.#isLost;
    this.#isLost = false;
    this.#add(
      status.roles.flatMap(({ role, state, since }) => {
        const standing = standingOf(state);
        const last = this.#marks.findLast((mark) => mark.role === role);
        if (last?.standing === standing) return [];
        return [{ role, at: wasLost ? at : Math.max(Date.parse(since), last?.at ?? 0), standing }];
      }),
    );
  }

  lose(at: number): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const roles = new Set(this.#marks.map(({ role }) => role));
    this.#add([...roles].map((role): Mark => ({ role, at, standing: 'unheard' })));
  }

  #add(marks: readonly Mark[]): void {
    if (marks.length === 0) return;
    this.#marks = [...this.#marks, ...marks].toSorted((a, b) => a.at - b.at).slice(-MARKS_MAX);
    const roles = [...new Set(this.#marks.map(({ role }) => role))];
    this.spans.value = new Map(roles.map((role) => [role, spansOf(this.#marks.filter((mark) => mark.role === role))]));
  }
}

export function standingOf(state: State): Standing {
  return state === 'probe (primary server)' || state === 'probe (secondary server)' ? 'probe' : state;
}

function spansOf(marks: readonly Mark[]): Span[] {
  const changes = marks.filter(({ standing }, i) => standing !== marks[i - 1]?.standing);
  return changes.map(({ at, standing }, i) => ({ from: at, to: changes[i + 1]?.at, standing }));
}
