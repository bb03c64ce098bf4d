import * as ipv6 from '../../wire/ipv6.ts';
import { SERVER_PORT, VIA_SECONDARY } from '../constants.ts';
import type { Endpoint, MappingLifetime, NatBehaviour, NatType, RoleEvent } from '../events.ts';
import type { BubbleSender } from './bubble-sender.ts';
import type { Identity } from './identity.ts';
import { NatIdentification } from './nat-identification.ts';
import { RefreshIntervalSearch } from './refresh-interval.ts';
import type { SecureQualification } from './secure-qualification.ts';

export interface SecondaryPortOptions {
  readonly refreshIntervalMs: number;
  readonly findRefreshInterval: boolean;
  /** What was found out about the NAT. */
  readonly onNat: (nat: NatType) => void;
  readonly onBehaviour: (behaviour: NatBehaviour) => void;
  readonly onRefreshInterval: (intervalMs: number) => void;
}

/**
 * The secondary port of a client and the two who use it, one after the other: the identification of the NAT, then the
 * search for the refresh interval (RFC 4380 §5.2.7). It is open only while one of them runs.
 */
export class SecondaryPort {
  readonly #identity: Identity;
  readonly #bubbles: BubbleSender;
  readonly #events: RoleEvent[];
  readonly #options: SecondaryPortOptions;
  readonly #identification: NatIdentification;
  readonly #refreshInterval: RefreshIntervalSearch;
  #isOpen = false;
  #behaviour: Omit<NatBehaviour, 'mappingLifetime'> = unknown;

  constructor(
    identity: Identity,
    solicitations: SecureQualification,
    bubbles: BubbleSender,
    events: RoleEvent[],
    options: SecondaryPortOptions,
  ) {
    this.#identity = identity;
    this.#bubbles = bubbles;
    this.#events = events;
    this.#options = options;
    this.#identification = new NatIdentification(solicitations, identity, bubbles, {
      onNat: options.onNat,
      onBehaviour: (behaviour) => {
        this.#behaviour = behaviour;
        options.onBehaviour({ ...behaviour, mappingLifetime: unmeasured(options.findRefreshInterval) });
      },
    });
    this.#refreshInterval = new RefreshIntervalSearch(options.refreshIntervalMs, {
      solicit: () => solicitations.solicit(VIA_SECONDARY, identity.server, 0),
      bubbleTo: (secondary) => this.#bubbleTo(secondary),
      done: (intervalMs, mappingLifetime) => {
        options.onRefreshInterval(intervalMs);
        options.onBehaviour({ ...this.#behaviour, mappingLifetime });
        this.close();
      },
    });
  }

  get deadlineAt(): number {
    return Math.min(this.#identification.deadlineAt, this.#refreshInterval.deadlineAt);
  }

  /** The client is qualified: begins with the NAT, unless that is known or nobody asks. */
  start(identifyNat: boolean, now: number): void {
    this.#identification.stop();
    this.#refreshInterval.stop();
    this.#behaviour = unknown;
    if (!identifyNat) return this.#searchRefreshInterval(now);
    this.#open();
    this.#identification.start(now);
  }

  /** The interval from which the next search begins, in ms; one that runs goes on. */
  setRefreshInterval(intervalMs: number): void {
    this.#refreshInterval.startMs = intervalMs;
  }

  close(): void {
    this.#identification.stop();
    this.#refreshInterval.stop();
    if (this.#isOpen) this.#events.push({ type: 'socket', via: VIA_SECONDARY, open: false });
    this.#isOpen = false;
  }

  timeOut(now: number): void {
    if (this.#identification.deadlineAt <= now) this.#identify(() => this.#identification.timeOut(now), now);
    if (this.#refreshInterval.deadlineAt <= now) this.#refreshInterval.timeOut(now);
  }

  /** A valid advertisement came in: the search begins with a question of its own when the other has its answer. */
  advertised(mapped: Endpoint, now: number): void {
    if (this.#identification.isRunning) this.#identify(() => this.#identification.advertised(mapped, now), now);
    else this.#refreshInterval.advertised(mapped, now);
  }

  /** Whether the packet at `at` is a bubble of ours: through the server the search waits for it, else the other. */
  takeBubble(bytes: Uint8Array, at: number, isFromServer: boolean, now: number): boolean {
    const isOurs = ipv6.sameAddress(bytes, at + ipv6.SOURCE, this.#identity.address, 0);
    if (!isOurs || !ipv6.isBubble(bytes, at)) return false;
    if (isFromServer) this.#refreshInterval.bubbleArrived(now);
    else this.#identify(() => this.#identification.hairpinned(), now);
    return true;
  }

  /** One step of the identification; when it was the last, the search may begin. */
  #identify(step: () => void, now: number): void {
    const wasRunning = this.#identification.isRunning;
    step();
    if (wasRunning && !this.#identification.isRunning) this.#searchRefreshInterval(now);
  }

  #searchRefreshInterval(now: number): void {
    if (!this.#options.findRefreshInterval) return this.close();
    this.#open();
    this.#refreshInterval.start(now);
  }

  /** RFC 4380 §5.2.7: only an indirect bubble; a direct one would need a NAT that turns packets round. */
  #bubbleTo(secondary: Endpoint): void {
    const address = new Uint8Array(16);
    this.#identity.writeAddressOf(secondary, address);
    this.#bubbles.emit(address, 0, this.#identity.server, SERVER_PORT);
  }

  #open(): void {
    if (!this.#isOpen) this.#events.push({ type: 'socket', via: VIA_SECONDARY, open: true });
    this.#isOpen = true;
  }
}

const unknown: Omit<NatBehaviour, 'mappingLifetime'> = {
  mapping: 'unknown',
  filtering: 'unknown',
  portAllocation: 'unknown',
  hairpinning: 'unknown',
};

function unmeasured(isAskedFor: boolean): MappingLifetime {
  return { outlivesRefresh: 'unknown', reason: isAskedFor ? 'being measured' : 'not measured unless asked for' };
}
