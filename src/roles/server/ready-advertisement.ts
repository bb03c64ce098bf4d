import * as authentication from '../../wire/authentication.ts';
import { readI32, readU16, writeI32, writeU16 } from '../../wire/bytes.ts';
import * as checksum from '../../wire/checksum.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import type { Outbox } from '../outbox.ts';

const NOBODY = new Uint8Array(0);
/** fe80::, the prefix of every client that a ready advertisement goes to. */
const LINK_LOCAL = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const INTERFACE_IDENTIFIER = ipv6.DESTINATION + 8;

/**
 * The advertisement that nearly every client gets, written once: only nonce, origin, interface identifier and checksum
 * differ. It is what `Advertisements.emit` would write, octet for octet.
 */
export class ReadyAdvertisement {
  /** The whole datagram, first with an authentication header, then without one. */
  readonly #authenticated: Uint8Array;
  readonly #plain: Uint8Array;
  /** What the checksum would be if the interface identifier were 0. */
  readonly #checksum: number;

  /** `source`: the server's link-local address. */
  constructor(source: Uint8Array, server: number, mtu: number | undefined) {
    const bytes = new Uint8Array(authentication.LENGTH_MIN + origin.LENGTH + routerAdvertisement.lengthWith(mtu));
    const originAt = authentication.emit(bytes, 0, NOBODY, NOBODY, LINK_LOCAL, 8, 0);
    const packetAt = origin.emit(bytes, originAt, 0, 0);
    routerAdvertisement.emit(bytes, packetAt, source, LINK_LOCAL, 0, server, mtu);
    this.#authenticated = bytes;
    this.#plain = bytes.slice(originAt);
    this.#checksum = checksum.icmpv6Field(bytes, packetAt);
  }

  /**
   * Answers the solicitation at `solicitationAt` in the datagram at `at`; the two are the same when it has no
   * authentication header.
   *
   * Errors: false when the outbox is full.
   */
  emit(
    outbox: Outbox,
    bytes: Uint8Array,
    at: number,
    solicitationAt: number,
    ipv4: number,
    port: number,
    via: number,
  ): boolean {
    const header = solicitationAt - at;
    const ready = header > 0 ? this.#authenticated : this.#plain;
    const to = outbox.reserve(ready.length);
    if (to < 0) return false;
    const out = outbox.bytes;
    out.set(ready, to);
    if (header > 0) authentication.copyNonce(bytes, at, out, to);
    const packetAt = origin.emit(out, to + header, ipv4, port);
    const from = solicitationAt + ipv6.SOURCE + 8;
    writeI32(out, packetAt + INTERFACE_IDENTIFIER, readI32(bytes, from));
    writeI32(out, packetAt + INTERFACE_IDENTIFIER + 4, readI32(bytes, from + 4));
    const added = readU16(bytes, from) + readU16(bytes, from + 2) + readU16(bytes, from + 4) + readU16(bytes, from + 6);
    writeU16(out, packetAt + checksum.ICMPV6_FIELD, checksum.adjust(this.#checksum, added));
    outbox.add(to + ready.length, ipv4, port, via);
    return true;
  }
}
