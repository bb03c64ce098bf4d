import { batch, computed, signal } from '@preact/signals';
import type { ConfigurationJson } from '../../../src/daemon/configuration/configuration-json.ts';
import type { LiveCounters, LiveEvent, LiveEvents, LiveStatus } from '../../../src/daemon/control/live.ts';
import type { PeerJson } from '../../../src/daemon/control/peer-json.ts';
import type { ErrorStatus, RoleStatus } from '../../../src/daemon/status/status.ts';
import { DropRates } from './drop-rates.ts';
import { StateTimeline } from './state-timeline.ts';
import { Traffic } from './traffic.ts';

/** Events the page keeps. */
const EVENTS_MAX = 400;

/** Whether the process can be heard. `lost`: it could, or was asked in vain; `trouble` says why, where anybody does. */
export type Link =
  | { readonly state: 'opening' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly since: number; readonly trouble: ErrorStatus | undefined };

/** Peers as they were asked for last. */
export interface PeerList {
  readonly role: string;
  readonly total: number;
  /** Some of them, if there are many. */
  readonly peers: readonly PeerJson[];
}

/** What the page knows of one running process, wherever it hears it from. */
export class Dashboard {
  readonly link = signal<Link>({ state: 'opening' });
  /** The last that was told; it stays while the process is silent. */
  readonly told = signal<LiveStatus | undefined>(undefined);
  readonly events = signal<readonly LiveEvent[]>([]);
  readonly peers = signal<PeerList | undefined>(undefined);
  readonly configuration = signal<ConfigurationJson | undefined>(undefined);
  readonly traffic = new Traffic();
  readonly drops = new DropRates();
  readonly states = new StateTimeline();
  /** The role that keeps a list of peers; undefined: none does. */
  readonly peerRole = computed(() => {
    const index = this.told.value?.status.roles.findIndex(({ role }) => role !== 'server') ?? -1;
    return index < 0 ? undefined : index;
  });

  hearStatus(live: LiveStatus): void {
    batch(() => {
      this.link.value = { state: 'live' };
      this.told.value = live;
      this.traffic.hearAnswer(live.at, live.answeredInMs);
      this.drops.hear(live.at, live.status.roles);
      this.states.hearStatus(live);
    });
  }

  hearCounters(counters: LiveCounters): void {
    this.traffic.hear(counters);
  }

  hearEvents({ events }: LiveEvents): void {
    // After a break the process tells all that it remembers once more.
    const known = new Set(this.events.value.map(keyOf));
    const fresh = events.filter((event) => !known.has(keyOf(event)));
    if (fresh.length === 0) return;
    this.events.value = [...this.events.value, ...fresh].slice(-EVENTS_MAX);
    this.states.hearEvents(fresh);
  }

  /** Nothing is heard any more. */
  lose(trouble: ErrorStatus | undefined): void {
    const link = this.link.value;
    const since = link.state === 'lost' ? link.since : Date.now();
    if (link.state === 'lost' && link.trouble?.message === trouble?.message) return;
    batch(() => {
      this.link.value = { state: 'lost', since, trouble };
      this.states.lose(since);
      this.traffic.lose(since);
    });
  }
}

/** What a role is called where there is more than one. */
export function nameOf({ role }: Pick<RoleStatus, 'role'>): string {
  return { client: 'client', server: 'server', relay: 'relay', 'host-relay': 'host-specific relay' }[role];
}

function keyOf({ id, time }: LiveEvent): string {
  return `${time ?? ''} ${id}`;
}
