import {
  IDENTIFICATION_TIMEOUT_MS,
  IDENTIFICATION_TRIES,
  SERVER_PORT,
  VIA_SECONDARY,
  VIA_SERVICE,
} from '../constants.ts';
import type { Endpoint, NatBehaviour, NatType } from '../events.ts';
import type { BubbleSender } from './bubble-sender.ts';
import type { Identity } from './identity.ts';
import type { SecureQualification } from './secure-qualification.ts';

/**
 * What is asked, in this order, all by the secondary socket, so that the service port's mapping is not touched:
 * - `mapping`: a solicitation to the primary address, which opens the NAT toward it and nothing else;
 * - `cone`: one with the cone bit set; the server answers from its secondary address. Heard: anyone may send to us;
 * - `address`: the same, after a datagram to another port of the secondary address. Heard: that address may send to
 *   us from any port; not heard: only from the port we sent to;
 * - `hairpin`: a bubble from the service port to the mapping of the secondary one, after one the other way has opened
 *   the NAT for it. Heard: the NAT turns round what is for its own outside.
 */
type Question = 'mapping' | 'cone' | 'address' | 'hairpin';

/** A port of the server that nobody answers from: it only has to make the NAT know the address. */
const OTHER_PORT = SERVER_PORT + 2;
/** Two mappings whose ports are so near to each other were given out one after the other. */
const SEQUENTIAL_MAX = 8;

/** Who hears what was found out. */
export interface NatIdentificationActions {
  readonly onNat: (nat: NatType) => void;
  /** All that can be found out; the identification is over. */
  readonly onBehaviour: (behaviour: Omit<NatBehaviour, 'mappingLifetime'>) => void;
}

/**
 * Finds out how the NAT behaves, while the client is already at work.
 *
 * RFC 5991 §3.2 took the cone phase out of qualification, and RFC 4380 never told address-restricted from
 * port-restricted NATs; peers do not need to know, people do. Ordinary servers answer all that is asked here. What
 * was not answered is 'unknown', never 'no'.
 */
export class NatIdentification {
  readonly #solicitations: SecureQualification;
  readonly #identity: Identity;
  readonly #bubbles: BubbleSender;
  readonly #actions: NatIdentificationActions;
  #question: Question | undefined;
  #tries = 0;
  #secondary: Endpoint | undefined;
  #filtering: NatBehaviour['filtering'] = 'unknown';
  /** Instant at which the present question counts as unanswered; Infinity: nothing is being asked. */
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(
    solicitations: SecureQualification,
    identity: Identity,
    bubbles: BubbleSender,
    actions: NatIdentificationActions,
  ) {
    this.#solicitations = solicitations;
    this.#identity = identity;
    this.#bubbles = bubbles;
    this.#actions = actions;
  }

  get isRunning(): boolean {
    return this.#question !== undefined;
  }

  start(now: number): void {
    this.#secondary = undefined;
    this.#filtering = 'unknown';
    this.#ask('mapping', now);
  }

  stop(): void {
    this.#question = undefined;
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#solicitations.forget(VIA_SECONDARY);
  }

  /** A valid advertisement came in by the secondary socket. */
  advertised(mapped: Endpoint, now: number): void {
    switch (this.#question) {
      case 'mapping':
        this.#secondary = mapped;
        this.#ask('cone', now);
        return;
      case 'cone':
        this.#filters('endpoint-independent', 'cone', now);
        return;
      case 'address':
        this.#filters('address-dependent', 'address-restricted', now);
        return;
      case 'hairpin':
      case undefined:
        return;
    }
  }

  /** A bubble of ours came in by the secondary socket, and not through the server. */
  hairpinned(): void {
    if (this.#question === 'hairpin') this.#conclude('yes');
  }

  timeOut(now: number): void {
    if (this.#question === undefined) return;
    if (this.#tries < IDENTIFICATION_TRIES) {
      this.#send(now);
      return;
    }
    switch (this.#question) {
      case 'mapping':
        // The server fell silent: nothing can be said about the NAT, and silence must not look like filtering.
        this.#conclude('unknown');
        return;
      case 'cone':
        this.#ask('address', now);
        return;
      case 'address':
        this.#filters('address-and-port-dependent', 'port-restricted', now);
        return;
      case 'hairpin':
        this.#conclude('no');
        return;
    }
  }

  #filters(filtering: NatBehaviour['filtering'], nat: NatType, now: number): void {
    this.#filtering = filtering;
    this.#actions.onNat(nat);
    this.#ask('hairpin', now);
  }

  #ask(question: Question, now: number): void {
    this.#question = question;
    this.#tries = 0;
    this.#send(now);
  }

  #send(now: number): void {
    const { server, server2 } = this.#identity;
    this.#tries++;
    this.deadlineAt = now + IDENTIFICATION_TIMEOUT_MS;
    if (this.#question === 'hairpin') return this.#sendRound();
    if (this.#question === 'address') this.#solicitations.solicit(VIA_SECONDARY, server2, 0, OTHER_PORT);
    this.#solicitations.solicit(VIA_SECONDARY, server, this.#question === 'mapping' ? 0 : 1);
  }

  #sendRound(): void {
    const { mapped } = this.#identity;
    const secondary = this.#secondary;
    if (mapped === undefined || secondary === undefined) return;
    const address = new Uint8Array(16);
    this.#identity.writeAddressOf(secondary, address);
    this.#bubbles.emit(address, 0, mapped.ipv4, mapped.port, VIA_SECONDARY);
    this.#bubbles.emit(address, 0, secondary.ipv4, secondary.port, VIA_SERVICE);
  }

  #conclude(hairpinning: NatBehaviour['hairpinning']): void {
    const behaviour = {
      mapping: this.#identity.isSymmetric ? ('endpoint-dependent' as const) : ('endpoint-independent' as const),
      filtering: this.#filtering,
      portAllocation: this.#portAllocation(),
      hairpinning,
    };
    this.stop();
    this.#actions.onBehaviour(behaviour);
  }

  #portAllocation(): NatBehaviour['portAllocation'] {
    const { isPortPreserving, mapped } = this.#identity;
    if (isPortPreserving) return 'preserving';
    if (mapped === undefined || this.#secondary === undefined) return 'unknown';
    return Math.abs(this.#secondary.port - mapped.port) <= SEQUENTIAL_MAX ? 'sequential' : 'random';
  }
}
