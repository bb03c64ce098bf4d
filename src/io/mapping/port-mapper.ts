import { randomBytes } from 'node:crypto';
import { MappingError, type MappingMethod, type Protocol, type Router } from './mapping.ts';
import { natPmp } from './nat-pmp.ts';
import { pcp } from './pcp.ts';
import type { MappingRecord, StateFile } from './state-file.ts';
import { Upnp } from './upnp.ts';

/** A mapping is prolonged at half of its lifetime (RFC 6886 §3.3, RFC 6887 §11.2.1), and at least this often. */
const RENEWAL_MAX_MS = 600_000;
/** A router that grants less than twice this has its mappings end early. */
const RENEWAL_MIN_MS = 1_000;
/** Pause after a failure: doubles from the first to the last. */
const RETRY_MIN_MS = 30_000;
const RETRY_MAX_MS = 1_800_000;
/** For the farewell; the process ends then. What is not removed by then is removed at the next start. */
const FAREWELL_MS = 2_000;
/** The same while it is not known whether there is anything to remove. */
const SHORT_FAREWELL_MS = 500;

export interface PortMapping {
  readonly protocol: Protocol;
  readonly router: string;
  readonly local: { readonly address: string; readonly port: number };
  readonly external: { readonly address: string; readonly port: number };
  /** Milliseconds it holds unless prolonged; Infinity: until it is removed. */
  readonly lifetimeMs: number;
}

export type PortMappingState =
  | ({ readonly state: 'mapped' } & PortMapping)
  /** `reason` is for people, and a whole clause: "router 192.168.1.1 does not answer". */
  | { readonly state: 'none'; readonly reason: string };

/** A mapping that a router was asked for. */
interface Asked {
  readonly method: MappingMethod;
  readonly router: Router;
}

export interface PortMapperOptions {
  readonly localPort: number;
  /** Where we stand now; a text says why there is nobody to ask. */
  readonly findRouter: () => Promise<Router | string>;
  readonly store: StateFile;
  /** Told the first state and every other one; never after `stop` has been called. */
  readonly onState: (state: PortMappingState) => void;
  readonly renewalMaxMs?: number;
  readonly retryMinMs?: number;
}

/**
 * Keeps one UDP port mapped for as long as it lives (RFC 6081 §5.3.3, §5.3.5; ledger EXT-20, EXT-21, EXT-25, EXT-50):
 * by PCP (RFC 6887), else NAT-PMP (RFC 6886), else UPnP.
 *
 * Whatever the router does, nothing is thrown: the state says what became of it.
 */
export class PortMapper {
  readonly #options: PortMapperOptions;
  readonly #methods: readonly MappingMethod[] = [pcp, natPmp, new Upnp()];
  readonly #nonce = randomBytes(12);
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** What an earlier process left behind, until a router is there to be told. */
  #former: MappingRecord | undefined;
  /** What has been asked for, answered or not, and must be removed in the end. */
  #asked: Asked | undefined;
  /** The last of those that was granted. */
  #granted: Asked | undefined;
  #mapped: { readonly mapping: PortMapping; readonly endsAt: number } | undefined;
  #router: Router | string = '';
  #told = '';
  #failures = 0;
  #hasMoved = false;
  #wake = () => {};

  /** Starts at once. */
  constructor(options: PortMapperOptions) {
    this.#options = options;
    this.#former = options.store.read();
    this.#running = this.#run();
  }

  /** The host has other addresses: look again now, if it has another router. */
  async hostChanged(): Promise<void> {
    const router = await this.#options.findRouter();
    if (isSameRouter(this.#router, router)) return;
    this.#failures = 0;
    this.#hasMoved = true;
    this.#wake();
  }

  /** Removes the mapping; resolves when that is done, or after two seconds. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
    if (this.#asked === undefined) return;
    if (this.#granted === undefined && this.#asked.method.mayHaveMapped === false) return this.#options.store.clear();
    await this.#remove(AbortSignal.timeout(this.#granted === undefined ? SHORT_FAREWELL_MS : FAREWELL_MS));
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const pauseMs = await this.#turn().catch((error: unknown) => this.#lost(wordsOf(error)));
      await this.#sleep(pauseMs);
    }
  }

  /** One look at the router; gives the time until the next, in ms. */
  async #turn(): Promise<number> {
    const { signal } = this.#stopping;
    this.#hasMoved = false;
    const router = await this.#options.findRouter();
    this.#router = router;
    if (signal.aborted) return 0;
    if (this.#asked !== undefined && !isSameRouter(this.#asked.router, router)) {
      this.#mapped = undefined;
      // From another network the old router is out of reach, mostly.
      await this.#remove(AbortSignal.any([signal, AbortSignal.timeout(FAREWELL_MS)]));
    }
    if (typeof router === 'string') return this.#lost(router);
    await this.#removeFormer(router);
    return this.#map(router);
  }

  async #map(router: Router): Promise<number> {
    const { signal } = this.#stopping;
    const { localPort, renewalMaxMs = RENEWAL_MAX_MS } = this.#options;
    const failures: string[] = [];
    for (const method of this.#inOrder()) {
      try {
        const asked = this.#ask({ method, router });
        const { address, port, lifetimeMs } = await method.map({ router, localPort, nonce: this.#nonce }, signal);
        const local = { address: router.local, port: localPort };
        const external = { address, port };
        const mapping = { protocol: method.protocol, router: router.gateway, local, external, lifetimeMs };
        this.#granted = asked;
        this.#mapped = { mapping, endsAt: performance.now() + lifetimeMs };
        this.#failures = 0;
        this.#tell({ state: 'mapped', ...mapping });
        return Math.max(Math.min(lifetimeMs / 2, renewalMaxMs), RENEWAL_MIN_MS);
      } catch (error) {
        if (signal.aborted) return 0;
        const isSilence = error instanceof MappingError && error.isSilence;
        if (!isSilence) failures.push(`${method.protocol}: it ${wordsOf(error)}`);
      }
    }
    this.#forgetWhatFailed();
    const words = failures.length === 0 ? 'offers none (PCP, NAT-PMP and UPnP are silent)' : failures.join('; ');
    return this.#lost(`router ${router.gateway}${failures.length === 0 ? ' ' : ': '}${words}`);
  }

  /** No mapping could be made, or prolonged: one that has not ended yet counts until it has. */
  #lost(reason: string): number {
    const { retryMinMs = RETRY_MIN_MS } = this.#options;
    const leftMs = (this.#mapped?.endsAt ?? 0) - performance.now();
    if (leftMs > 0 && Number.isFinite(leftMs)) return Math.min(Math.max(leftMs / 2, RENEWAL_MIN_MS), retryMinMs);
    this.#mapped = undefined;
    this.#tell({ state: 'none', reason });
    return Math.min(RETRY_MAX_MS, retryMinMs * 2 ** this.#failures++);
  }

  /** The one that worked comes first. */
  #inOrder(): MappingMethod[] {
    const protocol = this.#mapped?.mapping.protocol;
    return [...this.#methods].sort((a, b) => Number(b.protocol === protocol) - Number(a.protocol === protocol));
  }

  /** Before the router is told, so that no death comes too early to be tidied up after. */
  #ask(asked: Asked): Asked {
    this.#asked = asked;
    const { method, router } = asked;
    const nonce = this.#nonce.toString('hex');
    const { store, localPort } = this.#options;
    store.write({ protocol: method.protocol, gateway: router.gateway, localPort, nonce });
    return asked;
  }

  /** What no router granted needs no farewell; one that did once may only be away. */
  #forgetWhatFailed(): void {
    if (this.#granted !== undefined) {
      this.#ask(this.#granted);
    } else {
      this.#asked = undefined;
      this.#options.store.clear();
    }
  }

  async #remove(signal: AbortSignal): Promise<void> {
    const { method, router } = this.#asked!;
    this.#asked = undefined;
    this.#granted = undefined;
    const { store, localPort } = this.#options;
    // A router that is gone has nothing to remove; one that is only silent is told at the next start.
    const isRemoved = await succeeds(method.unmap({ router, localPort, nonce: this.#nonce }, signal));
    if (isRemoved) store.clear();
  }

  /** RFC 6081 §5.3.3: first of all what is left of an earlier life is removed. */
  async #removeFormer(router: Router): Promise<void> {
    const former = this.#former;
    if (former === undefined) return;
    this.#former = undefined;
    const method = this.#methods.find(({ protocol }) => protocol === former.protocol);
    // Another network has another router, which knows nothing of it.
    if (method === undefined || former.gateway !== router.gateway) return;
    const { localPort, nonce } = former;
    await succeeds(method.unmap({ router, localPort, nonce: Buffer.from(nonce, 'hex') }, this.#stopping.signal));
  }

  #tell(state: PortMappingState): void {
    const words = state.state === 'none' ? state.reason : JSON.stringify({ ...state, lifetimeMs: 0 });
    if (words === this.#told || this.#stopping.signal.aborted) return;
    this.#told = words;
    this.#options.onState(state);
  }

  #sleep(ms: number): Promise<void> {
    if (this.#stopping.signal.aborted || this.#hasMoved) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isSameRouter(a: Router | string, b: Router | string): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.gateway === b.gateway && a.local === b.local;
}

function wordsOf(error: unknown): string {
  return error instanceof MappingError ? error.message : `cannot be asked (${(error as Error).message})`;
}

function succeeds(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
