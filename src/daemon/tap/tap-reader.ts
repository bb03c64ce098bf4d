import { setTimeout as delay } from 'node:timers/promises';
import * as authentication from '../../wire/authentication.ts';
import { isGlobalUnicast } from '../../wire/ipv4.ts';
import { markRecord, RECORD_HEADER, RecordType } from './record.ts';
import type { TapRing } from './ring.ts';

/** The ring is looked at this often: what comes within must fit into it. */
const PAUSE_MS = 20;
/** A reader hears how far it has come this often at least, if nothing waits: also a sign of life. */
const MARK_MS = 100;
/** Octets that leave at once, about. */
const CHUNK_OCTETS = 256 << 10;
/** An address of ours is believed for so long. */
const LOCAL_VALID_MS = 10_000;
/** Local sockets, and addresses in private networks, with an address of ours each. */
const NETWORKS_MAX = 256;

/** The IPv4 address of a local socket of a role towards another; undefined: there is no way there. */
export type LocalIpv4 = (role: number, via: number, remote: number) => Promise<number | undefined>;

/** The other end of a ring: records as they go out. */
export class TapReader {
  readonly #ring: TapRing;
  readonly #localIpv4: LocalIpv4;
  readonly #showsSecrets: boolean;
  /** Bounded by NETWORKS_MAX. */
  readonly #locals = new Map<string, { readonly ipv4: number; readonly until: number }>();

  constructor(ring: TapRing, localIpv4: LocalIpv4, showsSecrets: boolean) {
    this.#ring = ring;
    this.#localIpv4 = localIpv4;
    this.#showsSecrets = showsSecrets;
  }

  /**
   * Whole records, in order, until `gone`; who takes them slowly makes the ring run over, and is told what was lost.
   *
   * Shape:  the first chunk comes at once, and is a mark; one more comes whenever something was lost.
   */
  async *chunks(gone: AbortSignal): AsyncGenerator<Uint8Array> {
    let lost = 0;
    let markedAt = Date.now();
    yield markRecord({ at: markedAt, lost });
    while (!gone.aborted) {
      const now = Date.now();
      const chunk = this.#ring.take(CHUNK_OCTETS);
      await this.#complete(chunk);
      if (chunk.length > 0) yield chunk;
      // What is lost from here on is told later.
      if (this.#ring.lost !== lost || (chunk.length === 0 && Math.abs(now - markedAt) >= MARK_MS)) {
        lost = this.#ring.lost;
        // Behind a full chunk more may wait that passed long ago.
        markedAt = chunk.length === 0 ? now : 0;
        yield markRecord({ at: markedAt, lost });
      }
      if (chunk.length === 0) await delay(PAUSE_MS, undefined, { signal: gone }).catch(() => {});
    }
  }

  /** Adds what the other thread does not know, and takes away what is secret. */
  async #complete(chunk: Uint8Array): Promise<void> {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    for (let at = 0; at < chunk.length; at += view.getUint32(at, true)) {
      if (chunk[at + 4] !== RecordType.Datagram) continue;
      view.setInt32(at + 32, await this.#local(chunk[at + 6]!, chunk[at + 7]!, view.getInt32(at + 16, true)), true);
      const start = at + RECORD_HEADER;
      if (!this.#showsSecrets) hideSecrets(chunk, start, start + view.getUint32(at + 28, true));
    }
  }

  /** One address serves for the whole Internet, as the way there does; in private networks it depends. */
  async #local(role: number, via: number, remote: number): Promise<number> {
    const key = `${role} ${via} ${isGlobalUnicast(remote) ? 'global' : remote}`;
    const known = this.#locals.get(key);
    if (known !== undefined && known.until > performance.now()) return known.ipv4;
    const ipv4 = (await this.#localIpv4(role, via, remote)) ?? known?.ipv4 ?? 0;
    if (this.#locals.size >= NETWORKS_MAX) this.#locals.clear();
    this.#locals.set(key, { ipv4, until: performance.now() + LOCAL_VALID_MS });
    return ipv4;
  }
}

/** Identifier and value of an authentication header become zeros; lengths, nonce and confirmation stay as they are. */
export function hideSecrets(bytes: Uint8Array, at: number, end: number): void {
  if (at + 2 > end || bytes[at] !== 0 || bytes[at + 1] !== 1) return;
  const from = at + authentication.LENGTH_MIN - authentication.NONCE_LENGTH - 1;
  // What was cut is hidden as far as it is there.
  bytes.fill(
    0,
    Math.min(end, from),
    Math.min(end, at + authentication.length(bytes, at) - authentication.NONCE_LENGTH - 1),
  );
}
