import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../daemon/status/status.ts';
import type { TapRecord } from '../../daemon/tap/record.ts';
import { TeredoError } from '../../errors.ts';
import * as encapsulation from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatIpv6, parseIpv4, parseIpv6 } from '../../wire/text.ts';
import type { ControlClient } from '../control-client.ts';
import { type Path, pathOf } from './path.ts';
import { Tap } from './tap-client.ts';

/** Echo messages with as much data are short enough for every way. */
const SNAP = 1_400;

/** What became of one echo request. Instants are ms since 1970, by the clock of the thread that carries packets. */
export interface Echoed {
  readonly sequence: number;
  /** It entered the tunnel. */
  readonly sentAt: number;
  /** The datagram with it left; undefined: it was held back to the end. */
  readonly leftAt?: number;
  readonly answer?: { readonly at: number; readonly path: Path };
  /** An ICMPv6 error came instead. */
  readonly error?: string;
}

export interface PingerOptions {
  readonly address: string;
  readonly count: number;
  readonly intervalMs: number;
  /** How long the last answer is waited for. */
  readonly timeoutMs: number;
  readonly size: number;
}

export interface Listener {
  readonly heard?: (record: TapRecord) => void;
  /** Once for each request: it was answered, refused, or given up. True: that is enough. */
  readonly settled: (echoed: Echoed) => boolean;
}

/** Echo requests of a running process in its own name, and by which way the answers come. */
export class Pinger {
  readonly role: string;
  /** 16 octets. */
  readonly peer: Uint8Array;
  /** IPv4 addresses of the servers in use. */
  readonly servers: ReadonlySet<number>;
  /** Our own address; known once the first request is sent. */
  source = '';
  readonly #client: ControlClient;
  readonly #options: PingerOptions;
  readonly #tap: Tap;
  readonly #identifier: number;
  readonly #waiting = new Map<number, Mutable<Echoed>>(); // Bounded by the count.
  #listener: Listener = { settled: () => false };
  #isEnough = false;
  #settled = 0;
  #wake = new AbortController();

  private constructor(client: ControlClient, options: PingerOptions, status: Status, tap: Tap, identifier: number) {
    this.#client = client;
    this.#options = options;
    this.#tap = tap;
    this.#identifier = identifier;
    this.peer = parseIpv6(options.address)!;
    const roles = status.roles.filter(({ role }) => role !== 'server');
    this.role = roles[0]?.role ?? 'client';
    const addresses = roles.flatMap(({ server }) => [server?.address, server?.secondary]);
    this.servers = new Set(addresses.flatMap((text) => parseIpv4(text ?? '') ?? []));
  }

  /** Errors: TD-PING-...; TD-CAPTURE...; TD-USAGE-ADDRESS: no role here carries packets for this address. */
  static async open(client: ControlClient, options: PingerOptions): Promise<Pinger> {
    const status = await client.get<Status>('/v1/status');
    const carrier = status.roles.find(({ role }) => role !== 'server')?.role;
    if (carrier !== undefined && carrier !== 'client' && !teredo.isTeredo(parseIpv6(options.address)!, 0)) {
      const next = 'name an address in 2001::/32, or ask a client';
      throw new TeredoError('TD-USAGE-ADDRESS', `a ${carrier} carries packets to Teredo addresses only`, next);
    }
    const identifier = randomInt(65_536);
    const tap = await Tap.open(client, { peer: options.address, identifier, snap: SNAP });
    return new Pinger(client, options, status, tap, identifier);
  }

  /** Sends and listens until all requests are settled, or it is enough, or `stop` comes. */
  async run(listener: Listener, stop: AbortSignal): Promise<void> {
    this.#listener = listener;
    stop.addEventListener('abort', () => this.#wake.abort());
    const listening = this.#listen();
    try {
      await Promise.race([listening, this.#send(stop)]);
      this.#tap.finish();
      await listening;
    } finally {
      this.#tap.close();
    }
  }

  async #send(stop: AbortSignal): Promise<void> {
    const { count, intervalMs, timeoutMs, address, size } = this.#options;
    for (let sequence = 1; sequence <= count && !this.#isEnough && !stop.aborted; sequence++) {
      this.#waiting.set(sequence, { sequence, sentAt: Date.now() });
      const body = { address, identifier: this.#identifier, sequence, size };
      this.source = (await this.#client.post<{ source: string }>('/v1/echo', body)).source;
      if (sequence < count) await this.#pause(intervalMs);
    }
    const until = performance.now() + timeoutMs;
    while (this.#waiting.size > 0 && !this.#isEnough && !stop.aborted && performance.now() < until)
      await this.#pause(50);
    if (!this.#isEnough) for (const sequence of [...this.#waiting.keys()]) this.#settle(sequence);
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#wake.signal }).catch(() => {});
  }

  async #listen(): Promise<void> {
    for await (const records of this.#tap.records()) {
      for (const record of records) {
        this.#listener.heard?.(record);
        this.#hear(record);
      }
    }
  }

  #hear(record: TapRecord): void {
    const { bytes } = record;
    const at = record.type === 'packet' ? 0 : packetAt(bytes);
    if (at < 0 || !icmpv6.isMessage(bytes, at)) return;
    if (icmpv6.isError(bytes, at)) this.#hearError(bytes, at);
    if (!icmpv6.isEcho(bytes, at) || icmpv6.echoIdentifier(bytes, at) !== this.#identifier) return;
    const sequence = icmpv6.echoSequence(bytes, at);
    const echoed = this.#waiting.get(sequence);
    if (echoed === undefined) return;
    if (record.isOut && record.type === 'packet') echoed.sentAt = record.at;
    else if (record.isOut) echoed.leftAt ??= record.at;
    else if (record.type === 'datagram' && icmpv6.type(bytes, at) === icmpv6.ECHO_REPLY) {
      echoed.answer = { at: record.at, path: pathOf(this.peer, record.remote, this.servers) };
      this.#settle(sequence);
    }
  }

  /** An error quotes the request it is about. */
  #hearError(bytes: Uint8Array, at: number): void {
    const quoted = icmpv6.quotedAt(at);
    if (quoted + ipv6.LENGTH + icmpv6.HEADER_LENGTH > bytes.length || !icmpv6.isEcho(bytes, quoted)) return;
    if (icmpv6.echoIdentifier(bytes, quoted) !== this.#identifier) return;
    const sequence = icmpv6.echoSequence(bytes, quoted);
    const echoed = this.#waiting.get(sequence);
    if (echoed === undefined) return;
    // The role's own errors come from the link-local address of its interface.
    const isOwn = ipv6.isLinkLocal(bytes, at + ipv6.SOURCE);
    const who = isOwn ? `this ${this.role} itself` : formatIpv6(bytes, at + ipv6.SOURCE);
    echoed.error = `${errorWords(icmpv6.type(bytes, at), icmpv6.code(bytes, at))}, says ${who}`;
    this.#settle(sequence);
  }

  #settle(sequence: number): void {
    const echoed = this.#waiting.get(sequence);
    if (echoed === undefined || this.#isEnough) return;
    this.#waiting.delete(sequence);
    this.#settled++;
    this.#isEnough = this.#listener.settled(echoed) || this.#settled === this.#options.count;
    if (this.#isEnough) this.#wake.abort();
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function packetAt(bytes: Uint8Array): number {
  const parts = encapsulation.parse(bytes, 0, bytes.length);
  return typeof parts === 'number' ? -1 : parts.packetAt;
}

function errorWords(type: number, code: number): string {
  if (type === icmpv6.PACKET_TOO_BIG) return 'packet too big';
  if (type !== icmpv6.DESTINATION_UNREACHABLE) return `ICMPv6 error ${type}`;
  if (code === icmpv6.ADDRESS_UNREACHABLE) return 'address unreachable';
  return code === icmpv6.ADMINISTRATIVELY_PROHIBITED ? 'prohibited' : 'destination unreachable';
}
