import * as authentication from '../../wire/authentication.ts';
import { equal, writeI32 } from '../../wire/bytes.ts';
import type { Encapsulation } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import * as routerSolicitation from '../../wire/router-solicitation.ts';
import * as teredo from '../../wire/teredo.ts';
import { CASES, Case, type CaseCounters } from '../case.ts';
import { SERVER_PORT, VIA_SERVICE } from '../constants.ts';
import { isSameDigest } from '../digest.ts';
import { Drop } from '../drop.ts';
import type { Outbox } from '../outbox.ts';
import type { Hmac, Random } from '../role.ts';
import type { Identity } from './identity.ts';
import type { Advertised } from './qualification.ts';

/** What a client and its server share (RFC 4380 §5.2.2). */
export interface Security {
  /** 0 to 255 octets. */
  readonly identifier: Uint8Array;
  readonly secret: Uint8Array;
}

/** A router solicitation that left and may be answered. */
interface Solicitation {
  readonly ipv4: number;
  /** The primary address of that server: its advertisement names it in its prefix. */
  readonly server: number;
  readonly coneBit: 0 | 1;
  readonly source: Uint8Array;
  readonly nonce: Uint8Array;
}

/** What a valid advertisement answers and says. */
export interface Answer {
  /** The primary address of the server, and the one of its addresses that was asked. */
  readonly server: number;
  readonly asked: number;
  readonly told: Advertised | 'rejected';
}

/** HMAC-SHA1 (RFC 4380 §5.2.2). */
const VALUE_LENGTH = 20;
/** Solicitations to one server address that may be answered. */
const OUTSTANDING_MAX = 6;
const EMPTY = new Uint8Array(0);

/** Ledger W-06: the sources that Windows uses; only the cone bit in them means something to a server. */
const SOURCES: readonly [Uint8Array, Uint8Array] = [solicitationSource(0), solicitationSource(1)];

/**
 * Sends router solicitations and says which advertisements answer them: the nonce, not the IPv4 source, ties the
 * two together (RFC 4380 §5.2.1, §5.2.2).
 *
 * Every solicitation carries an authentication header with a fresh nonce, secured or not (ledger CLI-20). Bounded:
 * the last solicitation from each local socket to each server address is remembered, of the service port the last six.
 */
export class SecureQualification {
  readonly #identity: Identity;
  readonly #security: Security | undefined;
  readonly #random: Random;
  readonly #hmac: Hmac;
  readonly #outbox: Outbox;
  readonly #cases: CaseCounters;
  /** By local socket. */
  readonly #waiting = new Map<number, readonly Solicitation[]>();

  constructor(
    identity: Identity,
    security: Security | undefined,
    random: Random,
    hmac: Hmac,
    outbox: Outbox,
    cases: CaseCounters = new Float64Array(CASES),
  ) {
    this.#cases = cases;
    this.#identity = identity;
    this.#security = security;
    this.#random = random;
    this.#hmac = hmac;
    this.#outbox = outbox;
  }

  /**
   * Sends a solicitation from the local socket `via` to the server in use; earlier ones from there to that
   * address are forgotten.
   */
  solicit(via: number, ipv4: number, coneBit: 0 | 1, port = SERVER_PORT): void {
    this.forget(via, ipv4);
    this.#send(via, ipv4, coneBit, port, this.#identity.server);
  }

  /**
   * Solicits any server, named by its primary address, by the service port and sooner than RFC 4380's T: earlier solicitations may be answered still, for a server
   * that takes longer to answer than we to ask again would never be heard.
   */
  hurry(ipv4: number, server: number): void {
    const waiting = this.#waiting.get(VIA_SERVICE) ?? [];
    const toIt = waiting.filter((sent) => sent.ipv4 === ipv4);
    const oldest = toIt.length >= OUTSTANDING_MAX ? toIt[0] : undefined;
    const kept = waiting.filter((sent) => sent !== oldest);
    this.#waiting.set(VIA_SERVICE, kept);
    this.#send(VIA_SERVICE, ipv4, 0, SERVER_PORT, server);
  }

  #send(via: number, ipv4: number, coneBit: 0 | 1, port: number, server: number): void {
    const nonce = new Uint8Array(authentication.NONCE_LENGTH);
    writeI32(nonce, 0, this.#random.uint32());
    writeI32(nonce, 4, this.#random.uint32());
    const source = SOURCES[coneBit];
    this.#waiting.set(via, [...(this.#waiting.get(via) ?? []), { ipv4, server, coneBit, source, nonce }]);
    this.#emit(via, ipv4, port, source, nonce);
  }

  /** No answer is taken any more on this local socket; with `ipv4`, none from the server address that was asked. */
  forget(via: number, ipv4?: number): void {
    const others = ipv4 === undefined ? [] : (this.#waiting.get(via) ?? []).filter((sent) => sent.ipv4 !== ipv4);
    if (others.length === 0) this.#waiting.delete(via);
    else this.#waiting.set(via, others);
  }

  /**
   * Checks a datagram that looks like a router advertisement.
   *
   * Shape:  which solicitation it answers, and the advertised mapping and MTU; or 'rejected' when the server, with a
   *         right authentication value, says that our key is no longer good.
   * Errors: a Drop; the solicitation waits on for its true answer.
   * Source: RFC 4380 §5.2.1, §5.2.2; ledger CLI-15 to CLI-24.
   */
  verify(bytes: Uint8Array, parts: Encapsulation, via: number, ipv4: number, port: number): Answer | Drop {
    const waiting = this.#waiting.get(via) ?? [];
    if (waiting.length === 0 || port !== SERVER_PORT) return Drop.Unsolicited;
    const at = parts.authenticationAt;
    if (at < 0) return Drop.Authentication;
    const nonceAt = authentication.nonceAt(bytes, at);
    const named = waiting.filter(({ nonce }) => equal(bytes, nonceAt, nonce, 0, nonce.length));
    if (named.length === 0) return Drop.Authentication;
    // With the cone bit set the answer comes from the server's other address; with it clear from the one we asked.
    const destination = parts.packetAt + ipv6.DESTINATION;
    const answered = named.find(
      (sent) => (ipv4 === sent.ipv4) === (sent.coneBit === 0) && ipv6.sameAddress(bytes, destination, sent.source, 0),
    );
    if (answered === undefined) return Drop.Unsolicited;
    if (parts.originAt < 0) return Drop.Unsolicited;
    if (this.#security !== undefined && !this.#isAuthentic(bytes, parts, this.#security)) return Drop.Authentication;
    const advertisement = routerAdvertisement.parse(bytes, parts.packetAt);
    if (typeof advertisement === 'number') return advertisement;
    if (advertisement.server !== answered.server) return Drop.Prefix; // ledger CLI-17
    const { server, ipv4: asked } = answered;
    if (authentication.confirmation(bytes, at) !== 0) {
      if (this.#security === undefined) return Drop.Authentication;
      this.#cases[Case.KeysRejected]!++;
      return { server, asked, told: 'rejected' };
    }
    this.#cases[Case.AdvertisementsReceived]!++;
    if (this.#security !== undefined) this.#cases[Case.AdvertisementsAuthenticated]!++;
    const mapped = { ipv4: origin.ipv4(bytes, parts.originAt), port: origin.port(bytes, parts.originAt) };
    return { server, asked, told: { mapped, mtu: advertisement.mtu } };
  }

  #emit(via: number, ipv4: number, port: number, source: Uint8Array, nonce: Uint8Array): void {
    const identifier = this.#security?.identifier ?? EMPTY;
    const value = this.#security === undefined ? EMPTY : new Uint8Array(VALUE_LENGTH);
    const at = this.#outbox.reserve(
      authentication.LENGTH_MIN + identifier.length + value.length + routerSolicitation.LENGTH,
    );
    if (at < 0) return;
    const bytes = this.#outbox.bytes;
    const packetAt = authentication.emit(bytes, at, identifier, value, nonce, 0, 0);
    const end = routerSolicitation.emit(bytes, packetAt, source);
    if (this.#security !== undefined) {
      const digest = this.#hmac(this.#security.secret, authentication.covered(bytes, at, end));
      authentication.emit(bytes, at, identifier, digest, nonce, 0, 0);
    }
    this.#outbox.add(end, ipv4, port, via);
    this.#cases[Case.SolicitationsSent]!++;
  }

  #isAuthentic(bytes: Uint8Array, parts: Encapsulation, security: Security): boolean {
    const at = parts.authenticationAt;
    const identifier = authentication.identifier(bytes, at);
    if (identifier.length !== security.identifier.length) return false;
    if (!equal(identifier, 0, security.identifier, 0, identifier.length)) return false;
    const digest = this.#hmac(security.secret, authentication.covered(bytes, at, parts.packetEnd));
    return isSameDigest(digest, authentication.value(bytes, at));
  }
}

/** fe80::ffff:ffff:fffe, or fe80::8000:ffff:ffff:fffe with the cone bit. */
function solicitationSource(coneBit: 0 | 1): Uint8Array {
  const source = new Uint8Array(16);
  teredo.emitLinkLocal(source, 0, coneBit === 1 ? teredo.FLAG_CONE : 0, 0, 0);
  source[15] = 0xfe;
  return source;
}
