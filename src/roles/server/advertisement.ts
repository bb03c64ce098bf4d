import * as authentication from '../../wire/authentication.ts';
import type { Encapsulation } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatHex } from '../../wire/text.ts';
import { SERVER_PORT } from '../constants.ts';
import { isSameDigest } from '../digest.ts';
import { Drop } from '../drop.ts';
import type { Outbox } from '../outbox.ts';
import type { Hmac } from '../role.ts';
import { ReadyAdvertisement } from './ready-advertisement.ts';

/** A client's key at its server (RFC 4380 §5.2.2). */
export interface ClientKey {
  readonly secret: Uint8Array;
  /** True: answer, but tell the client that it needs a new key (confirmation byte not 0). */
  readonly isRevoked?: boolean;
}

/** What a server knows of secure qualification. Keys are the identifiers in hex. */
export interface ServerSecurity {
  readonly keys: ReadonlyMap<string, ClientKey>;
  /** True: solicitations without a right authentication value are not answered. */
  readonly isRequired: boolean;
}

/** How a solicitation is to be answered. */
export interface Answer {
  /** Undefined: without authentication value, for the client asked without. */
  readonly key: ClientKey | undefined;
  readonly identifier: Uint8Array;
}

const NO_IDENTIFIER = new Uint8Array(0);
const ANONYMOUS: Answer = { key: undefined, identifier: NO_IDENTIFIER };
const VALUE_LENGTH = 20;
/** Nonces of secured solicitations that a server remembers, so that a recorded one is not answered twice. */
const NONCES_MAX = 4096;

/**
 * Router advertisements of a server (RFC 4380 §5.3.2): what a solicitation proves, and the answer to it.
 *
 * Nothing is kept about a client but the nonces of secured solicitations. Bounded by `NONCES_MAX`.
 */
export class Advertisements {
  readonly #server: number;
  readonly #mtu: number | undefined;
  readonly #security: ServerSecurity | undefined;
  readonly #hmac: Hmac;
  readonly #outbox: Outbox;
  readonly #nonces = new Set<string>();
  /** Ledger W-05, UPD-05: cone bit, port 3544 and the primary address, whichever address answers. */
  readonly #source = new Uint8Array(16);
  readonly #ready: ReadyAdvertisement;

  constructor(
    server: number,
    mtu: number | undefined,
    security: ServerSecurity | undefined,
    hmac: Hmac,
    outbox: Outbox,
  ) {
    this.#server = server;
    this.#mtu = mtu;
    this.#security = security;
    this.#hmac = hmac;
    this.#outbox = outbox;
    teredo.emitLinkLocal(this.#source, 0, teredo.FLAG_CONE, server, SERVER_PORT);
    this.#ready = new ReadyAdvertisement(this.#source, server, mtu);
  }

  /** 16 octets: the server's link-local address. */
  get source(): Uint8Array {
    return this.#source;
  }

  /** Whether clients are answered that nobody knows. */
  get areForAnyone(): boolean {
    return this.#security?.isRequired !== true;
  }

  /**
   * Answers a usual solicitation (see `usualSolicitationAt`), as `authenticate` and `emit` would when advertisements
   * are for anyone; false: the outbox is full.
   */
  emitUsual(bytes: Uint8Array, at: number, solicitationAt: number, ipv4: number, port: number, via: number): boolean {
    return this.#ready.emit(this.#outbox, bytes, at, solicitationAt, ipv4, port, via);
  }

  /**
   * Whether and how a solicitation is answered (RFC 4380 §5.3.1 (4); ledger SRV-06, SRV-15).
   *
   * Errors: Drop.Authentication when security is required and missing, wrong or replayed.
   */
  authenticate(bytes: Uint8Array, parts: Encapsulation): Answer | Drop {
    const security = this.#security;
    const at = parts.authenticationAt;
    if (security === undefined) return ANONYMOUS;
    const identifier = at < 0 ? NO_IDENTIFIER : authentication.identifier(bytes, at);
    const key = identifier.length === 0 ? undefined : security.keys.get(formatHex(identifier));
    if (key === undefined) return security.isRequired ? Drop.Authentication : ANONYMOUS;
    const digest = this.#hmac(key.secret, authentication.covered(bytes, at, parts.packetEnd));
    if (!isSameDigest(digest, authentication.value(bytes, at))) return Drop.Authentication;
    if (!this.#isFresh(bytes, authentication.nonceAt(bytes, at))) return Drop.Authentication;
    return { key, identifier: identifier.slice() };
  }

  /**
   * Writes the advertisement that answers the solicitation in `parts`, to the endpoint it came from.
   *
   * Shape:  an authentication header only if the solicitation has one, with its nonce (ledger SRV-14): every octet
   *         is written, none is left from an earlier answer.
   */
  emit(bytes: Uint8Array, parts: Encapsulation, answer: Answer, ipv4: number, port: number, via: number): boolean {
    const isAuthenticated = parts.authenticationAt >= 0;
    const value = answer.key === undefined ? NO_IDENTIFIER : new Uint8Array(VALUE_LENGTH);
    const header = isAuthenticated ? authentication.LENGTH_MIN + answer.identifier.length + value.length : 0;
    const at = this.#outbox.reserve(header + origin.LENGTH + routerAdvertisement.lengthWith(this.#mtu));
    if (at < 0) return false;
    const out = this.#outbox.bytes;
    const originAt = origin.emit(out, at + header, ipv4, port);
    const destination = parts.packetAt + ipv6.SOURCE;
    const end = routerAdvertisement.emit(out, originAt, this.#source, bytes, destination, this.#server, this.#mtu);
    if (isAuthenticated) this.#emitAuthentication(bytes, parts, answer, value, at, end);
    this.#outbox.add(end, ipv4, port, via);
    return true;
  }

  #emitAuthentication(
    bytes: Uint8Array,
    parts: Encapsulation,
    { key, identifier }: Answer,
    value: Uint8Array,
    at: number,
    end: number,
  ): void {
    const out = this.#outbox.bytes;
    const nonceAt = authentication.nonceAt(bytes, parts.authenticationAt);
    const confirmation = key?.isRevoked ? 1 : 0;
    authentication.emit(out, at, identifier, value, bytes, nonceAt, confirmation);
    if (key === undefined) return;
    const digest = this.#hmac(key.secret, authentication.covered(out, at, end));
    authentication.emit(out, at, identifier, digest, bytes, nonceAt, confirmation);
  }

  #isFresh(bytes: Uint8Array, nonceAt: number): boolean {
    const nonce = formatHex(bytes.subarray(nonceAt, nonceAt + authentication.NONCE_LENGTH));
    if (this.#nonces.has(nonce)) return false;
    this.#nonces.add(nonce);
    if (this.#nonces.size > NONCES_MAX) {
      for (const oldest of this.#nonces) {
        this.#nonces.delete(oldest);
        break;
      }
    }
    return true;
  }
}
