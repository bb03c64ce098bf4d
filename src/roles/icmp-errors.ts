import * as icmpv6 from '../wire/icmpv6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { LimitUse } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { RateLimit } from './rate-limit.ts';

/** ICMPv6 errors a role may send per second, and at once; Miredo's figure (ledger CLI-49). */
const ERRORS_PER_SECOND = 10;
const ERRORS_BURST = 10;

/** Tells the IPv6 side that a packet of its own could not be delivered (RFC 4443 §2.4, §3.1; ledger SEC-16). */
export class IcmpErrors {
  readonly #outbox: Outbox;
  readonly #limit = new RateLimit(ERRORS_PER_SECOND, ERRORS_BURST, 1, 0);

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  use(name: string, now: number): LimitUse {
    return this.#limit.use(name, now);
  }

  /** Sends "destination unreachable" from the 16-octet `source`, if the rules and the rate allow one. */
  unreachable(code: number, source: Uint8Array, packet: Uint8Array, now: number): void {
    if (packet.length < ipv6.LENGTH || !icmpv6.mayAnswerWithError(packet, 0) || !this.#limit.allow(0, now)) return;
    const at = this.#outbox.reserve(icmpv6.ERROR_LENGTH_MAX);
    if (at < 0) return;
    this.#outbox.add(icmpv6.emitUnreachable(this.#outbox.bytes, at, code, source, packet));
  }
}
