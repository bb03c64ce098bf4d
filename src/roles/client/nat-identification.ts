import { IDENTIFICATION_TIMEOUT_MS, IDENTIFICATION_TRIES, SERVER_PORT, VIA_SECONDARY } from '../constants.ts';
import type { NatType } from '../events.ts';
import type { SecureQualification } from './secure-qualification.ts';

/**
 * What is asked, in this order, all from the secondary socket, so that the service port's mapping is not touched:
 * - `mapping`: a solicitation to the primary address, which opens the NAT toward it and nothing else;
 * - `cone`: one with the cone bit set; the server answers from its secondary address. Heard: anyone may send to us;
 * - `address`: the same, after a datagram to another port of the secondary address. Heard: that address may send to
 *   us from any port; not heard: only from the port we sent to.
 */
type Question = 'mapping' | 'cone' | 'address';

/** A port of the server that nobody answers from: it only has to make the NAT know the address. */
const OTHER_PORT = SERVER_PORT + 2;

/**
 * Finds out how the NAT filters, while the client is already at work.
 *
 * RFC 5991 §3.2 took the cone phase out of qualification, and RFC 4380 never told address-restricted from
 * port-restricted NATs; peers do not need to know, people do. Ordinary servers answer all that is asked here.
 */
export class NatIdentification {
  readonly #solicitations: SecureQualification;
  readonly #server: number;
  readonly #server2: number;
  #question: Question | undefined;
  #tries = 0;
  /** Instant at which the present question counts as unanswered; Infinity: nothing is being asked. */
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(solicitations: SecureQualification, server: number, server2: number) {
    this.#solicitations = solicitations;
    this.#server = server;
    this.#server2 = server2;
  }

  get isRunning(): boolean {
    return this.#question !== undefined;
  }

  start(now: number): void {
    this.#ask('mapping', now);
  }

  stop(): void {
    this.#question = undefined;
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#solicitations.forget(VIA_SECONDARY);
  }

  /** A valid advertisement came in by the secondary socket; the NAT's type when that settles it. */
  advertised(now: number): NatType | undefined {
    switch (this.#question) {
      case 'mapping':
        this.#ask('cone', now);
        return undefined;
      case 'cone':
        return this.#conclude('cone');
      case 'address':
        return this.#conclude('address-restricted');
      case undefined:
        return undefined;
    }
  }

  /** The deadline passed; the NAT's type when that settles it. */
  timeOut(now: number): NatType | undefined {
    if (this.#question === undefined) return undefined;
    if (this.#tries < IDENTIFICATION_TRIES) {
      this.#send(now);
      return undefined;
    }
    switch (this.#question) {
      case 'mapping':
        // The server fell silent: nothing can be said about the NAT, and silence must not look like filtering.
        return this.#conclude('unknown');
      case 'cone':
        this.#ask('address', now);
        return undefined;
      case 'address':
        return this.#conclude('port-restricted');
    }
  }

  #ask(question: Question, now: number): void {
    this.#question = question;
    this.#tries = 0;
    this.#send(now);
  }

  #send(now: number): void {
    this.#tries++;
    this.deadlineAt = now + IDENTIFICATION_TIMEOUT_MS;
    if (this.#question === 'address') this.#solicitations.solicit(VIA_SECONDARY, this.#server2, 0, OTHER_PORT);
    this.#solicitations.solicit(VIA_SECONDARY, this.#server, this.#question === 'mapping' ? 0 : 1);
  }

  #conclude(nat: NatType): NatType {
    this.stop();
    return nat;
  }
}
