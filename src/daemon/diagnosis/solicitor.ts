import { Batch } from '../../batch/batch.ts';
import { hmacSha1 } from '../../io/hmac.ts';
import { PortableUdpPort } from '../../io/portable/udp-port.ts';
import { Identity } from '../../roles/client/identity.ts';
import { SecureQualification, type Security } from '../../roles/client/secure-qualification.ts';
import { BUBBLE_HOP_LIMIT, SERVER_PORT } from '../../roles/constants.ts';
import { Outbox } from '../../roles/outbox.ts';
import type { Endpoint, Random } from '../../roles/role.ts';
import * as authentication from '../../wire/authentication.ts';
import { writeU16 } from '../../wire/bytes.ts';
import * as checksum from '../../wire/checksum.ts';
import { parse } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import * as teredo from '../../wire/teredo.ts';
import type { Ledger } from './ledger.ts';

/** RFC 4727 §5.4: an option that every node passes over. */
const PADDING_OPTION = 253;

/** The two addresses of a server, int32. */
export interface ServerAddresses {
  readonly primary: number;
  readonly secondary: number;
}

export interface Question {
  /** The local socket that asks. */
  readonly via: number;
  readonly to: number;
  /** Set: the server answers from the address that was not asked. */
  readonly coneBit: 0 | 1;
  /** Instants of the tries after the first, and of giving up, in ms from the first. */
  readonly repeatsAtMs: readonly number[];
  readonly giveUpAtMs: number;
  /** Octets of the packet; more than a solicitation needs is filled up. Only without a secret. */
  readonly octets?: number;
}

/** What a server told in answer. */
export interface Answer {
  readonly mapped: Endpoint;
  /** Octets; undefined: it advertised none. */
  readonly mtu: number | undefined;
  readonly rttMs: number;
  /** Solicitations that left until it came. */
  readonly tries: number;
}

/** `rejected`: the server says, with a right authentication value, that the key is no longer good. */
export type Outcome = Answer | 'rejected' | 'silent';

interface Pending {
  readonly question: Question;
  readonly sent: { readonly by: SecureQualification; readonly at: number }[];
  settle(outcome: Outcome): void;
}

/**
 * Asks one Teredo server for its advertisements, as a client does and with a client's checks, but each question by
 * itself and from whatever local socket is wanted.
 */
export class Solicitor {
  readonly server: ServerAddresses;
  readonly port: PortableUdpPort;
  readonly #identity: Identity;
  readonly #security: Security | undefined;
  readonly #random: Random;
  readonly #batch = new Batch(16, new Uint8Array(1 << 16));
  readonly #pending = new Set<Pending>();
  readonly #bubbles = new Map<number, () => void>();
  readonly #isClosed = new AbortController();
  #sockets = 0;

  constructor(server: ServerAddresses, security: Security | undefined, random: Random, ledger: Ledger) {
    this.server = server;
    this.#identity = new Identity(random);
    this.#identity.use({ ipv4: server.primary, ipv4Secondary: server.secondary, preference: 0 });
    this.#security = security;
    this.#random = random;
    this.port = new PortableUdpPort({ onReadable: () => this.#read(), onSend: ledger.datagram });
  }

  /** Opens one more local socket. Errors: what the system says, for instance EADDRINUSE. */
  async open(port = 0): Promise<number> {
    const via = this.#sockets++;
    this.port.setOpen(via, true, port);
    await this.port.opened(via);
    return via;
  }

  /** Asks until there is an answer or the time is over. Shape: every solicitation has a nonce; a late answer counts. */
  ask(question: Question): Promise<Outcome> {
    return new Promise((resolve) => {
      if (this.#isClosed.signal.aborted) return resolve('silent');
      const timers: NodeJS.Timeout[] = [];
      const settle = (outcome: Outcome) => {
        for (const timer of timers) clearTimeout(timer);
        this.#isClosed.signal.removeEventListener('abort', end);
        this.#pending.delete(pending);
        resolve(outcome);
      };
      const pending: Pending = { question, sent: [], settle };
      const end = () => settle('silent');
      this.#isClosed.signal.addEventListener('abort', end);
      this.#pending.add(pending);
      this.#solicit(pending);
      timers.push(...question.repeatsAtMs.map((ms) => setTimeout(() => this.#solicit(pending), ms)));
      timers.push(setTimeout(end, question.giveUpAtMs));
    });
  }

  /**
   * Sends bubbles through the server to the mapping of another local socket (RFC 4380 §5.2.7); true: one arrived.
   *
   * Units:  `from` and `to` are mappings as the server sees them; milliseconds.
   */
  bubble(
    fromVia: number,
    from: Endpoint,
    toVia: number,
    to: Endpoint,
    apartMs: number,
    tries: number,
  ): Promise<boolean> {
    const bytes = new Uint8Array(ipv6.LENGTH);
    const addresses = [from, to].map(({ ipv4, port }) => {
      const address = new Uint8Array(teredo.LENGTH);
      teredo.emit(address, 0, this.server.primary, 0, ipv4, port);
      return address;
    });
    ipv6.emitBubble(bytes, 0, BUBBLE_HOP_LIMIT, addresses[0]!, 0, addresses[1]!, 0);
    return new Promise((resolve) => {
      let left = tries;
      const step = () => (left-- > 0 ? this.port.send(bytes, this.server.primary, SERVER_PORT, fromVia) : end(false));
      const timer = setInterval(step, apartMs);
      const stop = () => end(false);
      const end = (heard: boolean) => {
        clearInterval(timer);
        this.#isClosed.signal.removeEventListener('abort', stop);
        this.#bubbles.delete(toVia);
        resolve(heard);
      };
      this.#isClosed.signal.addEventListener('abort', stop);
      this.#bubbles.set(toVia, () => end(true));
      step();
    });
  }

  close(): void {
    this.#isClosed.abort();
    this.port.close();
  }

  #solicit({ question, sent }: Pending): void {
    const outbox = new Outbox(1, 1 << 12);
    const by = new SecureQualification(this.#identity, this.#security, this.#random, hmacSha1, outbox);
    by.solicit(question.via, question.to, question.coneBit);
    this.#batch.clear();
    outbox.poll(this.#batch);
    const usual = this.#batch.packet(0).slice();
    const datagram = question.octets === undefined ? usual : padded(usual, question.octets);
    sent.push({ by, at: performance.now() });
    this.port.send(datagram, question.to, SERVER_PORT, question.via);
  }

  #read(): void {
    const batch = this.#batch;
    batch.clear();
    this.port.read(batch);
    for (let slot = 0; slot < batch.count; slot++) this.#receive(batch, slot);
  }

  #receive(batch: Batch, slot: number): void {
    const { bytes, start, length, ipv4, port, via } = batch;
    const at = start[slot]!;
    const parts = parse(bytes, at, at + length[slot]!);
    if (typeof parts === 'number') return;
    const isFromServer = ipv4[slot] === this.server.primary && port[slot] === SERVER_PORT;
    if (isFromServer && ipv6.isBubble(bytes, parts.packetAt)) return this.#bubbles.get(via[slot]!)?.();
    if (!routerAdvertisement.isPresent(bytes, parts.packetAt)) return;
    for (const pending of this.#pending) {
      if (pending.question.via !== via[slot]) continue;
      for (const { by, at: sentAt } of pending.sent) {
        const result = by.verify(bytes, parts, via[slot]!, ipv4[slot]!, port[slot]!);
        if (typeof result === 'number') continue;
        const { told } = result;
        if (told === 'rejected') return pending.settle(told);
        return pending.settle({ ...told, rttMs: performance.now() - sentAt, tries: pending.sent.length });
      }
    }
  }
}

/** The same solicitation with an option that fills the packet up to `octets`, a multiple of eight. */
function padded(datagram: Uint8Array, octets: number): Uint8Array {
  const parts = parse(datagram, 0, datagram.length);
  if (typeof parts === 'number' || parts.authenticationAt < 0) return datagram;
  const { packetAt, packetEnd } = parts;
  const bytes = new Uint8Array(authentication.length(datagram, 0) + octets);
  bytes.set(datagram);
  bytes[packetEnd] = PADDING_OPTION;
  bytes[packetEnd + 1] = (bytes.length - packetEnd) / 8;
  writeU16(bytes, packetAt + ipv6.PAYLOAD_LENGTH, octets - ipv6.LENGTH);
  checksum.completeIcmpv6(bytes, packetAt);
  return bytes;
}
