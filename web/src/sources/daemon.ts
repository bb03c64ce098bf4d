import type { LiveMessages } from '../../../src/daemon/control/live.ts';
import type { PeersJson } from '../../../src/daemon/control/peer-json.ts';
import type { ErrorStatus } from '../../../src/daemon/status/status.ts';
import type { Dashboard } from '../model/dashboard.ts';

/** Peers are asked for while somebody can see them. */
const PEERS_EVERY_MS = 2_000;
/** As many as one answer holds. */
const PEERS_MAX = 4_096;
/** A browser does not try again by itself where it was refused. */
const AGAIN_MS = 2_000;
/** Once, at the end of a stream: whoever serves the page may know why. */
const AGAIN_SOON_MS = 200;

/** Hears a running process for the page, and goes on trying while it is silent. */
export class DaemonSource {
  readonly #dashboard: Dashboard;
  #stream: EventSource | undefined;
  #trouble: ErrorStatus | undefined;
  #isPeersAsked = false;

  constructor(dashboard: Dashboard) {
    this.#dashboard = dashboard;
    this.#listen();
    void this.#askPeers();
    setInterval(() => void this.#askPeers(), PEERS_EVERY_MS);
    document.addEventListener('visibilitychange', () => void this.#askPeers());
  }

  /** Asks for the configuration, which changes seldom. */
  async askConfiguration(): Promise<void> {
    this.#dashboard.configuration.value = await get('v1/configuration');
  }

  #listen(): void {
    const stream = new EventSource('v1/live');
    this.#stream = stream;
    const on = <N extends keyof LiveMessages>(name: N, hear: (data: LiveMessages[N]) => void) => {
      stream.addEventListener(name, (event) => hear(JSON.parse((event as MessageEvent<string>).data)));
    };
    on('status', (live) => {
      const wasLive = this.#dashboard.link.value.state === 'live';
      this.#trouble = undefined;
      this.#dashboard.hearStatus(live);
      if (!wasLive) void this.#askPeers();
    });
    on('counters', (counters) => this.#dashboard.hearCounters(counters));
    on('events', (events) => this.#dashboard.hearEvents(events));
    on('trouble', (trouble) => {
      this.#trouble = trouble;
      this.#dashboard.lose(trouble);
    });
    stream.addEventListener('error', () => {
      const wasLive = this.#dashboard.link.peek().state === 'live';
      this.#dashboard.lose(this.#trouble);
      stream.close();
      if (this.#stream === stream) setTimeout(() => this.#listen(), wasLive ? AGAIN_SOON_MS : AGAIN_MS);
    });
  }

  async #askPeers(): Promise<void> {
    const { link, told, peerRole, peers } = this.#dashboard;
    const role = peerRole.peek();
    // Before its port is open there is nobody to ask.
    const isOpen = role !== undefined && told.peek()?.status.roles[role]?.port !== null;
    if (document.hidden || this.#isPeersAsked || link.peek().state !== 'live' || !isOpen) return;
    this.#isPeersAsked = true;
    try {
      const page = await get<PeersJson>(`v1/peers?role=${role}&max=${PEERS_MAX}`);
      if (page !== undefined) peers.value = page;
    } finally {
      this.#isPeersAsked = false;
    }
  }
}

/** Undefined: no answer; the stream says why. */
async function get<T>(path: string): Promise<T | undefined> {
  try {
    const answer = await fetch(path);
    return answer.status === 200 ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}
