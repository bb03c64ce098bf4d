import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Batch } from '../../batch/batch.ts';
import type { UdpPort } from '../../driver/driver.ts';
import { Counter, type PortCounters } from '../counters.ts';

/** Datagrams that wait to be read, of all sockets together; what comes beyond them is lost, as in a kernel's buffer. */
const WAITING_MAX = 1024;

/** Where a local socket is; 0: any address, any port. */
export interface SocketPlace {
  readonly ipv4: number;
  readonly port: number;
}

export interface PortableUdpPortOptions {
  /** By `via`; a socket that is not named here is anywhere. */
  readonly places?: readonly (SocketPlace | undefined)[];
  readonly counters?: PortCounters;
  /** Something waits to be read. Called from the event loop, never from within a call of ours. */
  readonly onReadable: () => void;
  /** Each datagram, before it leaves. */
  readonly onSend?: (datagram: Uint8Array, ipv4: number, port: number) => void;
  /** A socket could not be opened, or is lost. */
  readonly onTrouble?: (via: number, error: NodeJS.ErrnoException) => void;
}

interface Waiting {
  readonly datagram: Uint8Array;
  readonly ipv4: number;
  readonly port: number;
  readonly via: number;
}

/**
 * The UDP side of a role on node:dgram: no right, no library of ours, any system; a system call for each datagram.
 *
 * Shape:  a socket opens with `setOpen` and has its port once `opened` resolves; what is written earlier waits for it.
 *         Super-packets (`segment`) are not split: the TUN side beside this port must not make any.
 * Errors: none; what the system refuses is counted in `refusals` by the name of the error.
 */
export class PortableUdpPort implements UdpPort {
  /** "EPERM" or the like, and how often. */
  readonly refusals = new Map<string, number>();
  readonly #options: PortableUdpPortOptions;
  readonly #sockets: (Socket | undefined)[] = [];
  readonly #opening: (Promise<void> | undefined)[] = [];
  #waiting: Waiting[] = [];

  constructor(options: PortableUdpPortOptions) {
    this.#options = options;
  }

  read(batch: Batch): void {
    let taken = 0;
    for (const { datagram, ipv4, port, via } of this.#waiting) {
      if (batch.push(datagram, ipv4, port, via) < 0) {
        // What no empty batch can take would stop the queue for ever.
        if (batch.count > 0) break;
      }
      taken++;
    }
    this.#waiting = this.#waiting.slice(taken);
  }

  write(batch: Batch): void {
    for (let slot = 0; slot < batch.count; slot++) {
      if (batch.length[slot] === 0) continue;
      // The batch is used again before the datagram has left.
      this.send(batch.packet(slot).slice(), batch.ipv4[slot]!, batch.port[slot]!, batch.via[slot]!);
    }
  }

  /** Sends one datagram by the socket `via`. */
  send(datagram: Uint8Array, ipv4: number, port: number, via: number): void {
    const socket = this.#sockets[via];
    if (socket === undefined || port === 0) return this.#refuse('EBADF');
    this.#options.onSend?.(datagram, ipv4, port);
    this.#options.counters?.add(Counter.DatagramsSent, 1);
    this.#options.counters?.add(Counter.DatagramOctetsSent, datagram.length);
    try {
      socket.send(datagram, port, dotted(ipv4), (error) => {
        if (error !== null) this.#refuse((error as NodeJS.ErrnoException).code ?? error.name);
      });
    } catch (error) {
      this.#refuse((error as NodeJS.ErrnoException).code ?? 'ERROR');
    }
  }

  setOpen(via: number, open: boolean, port?: number): void {
    if (!open) return this.#close(via);
    if (this.#sockets[via] !== undefined) return;
    const place = this.#options.places?.[via];
    const socket = createSocket('udp4');
    this.#sockets[via] = socket;
    socket.on('message', (datagram, from) => this.#receive(datagram, from, via));
    socket.on('error', (error) => {
      this.#options.onTrouble?.(via, error);
      this.#close(via);
    });
    this.#opening[via] = new Promise((resolve, reject) => {
      socket.once('listening', resolve);
      socket.once('error', reject);
      socket.once('close', resolve);
    });
    // Whoever does not wait for it hears of the trouble by `onTrouble`.
    this.#opening[via].catch(() => {});
    socket.bind(port ?? place?.port ?? 0, dotted(place?.ipv4 ?? 0));
  }

  /** Resolves when the socket has its port. Errors: what the system says, for instance EADDRINUSE. */
  opened(via: number): Promise<void> {
    return this.#opening[via] ?? Promise.resolve();
  }

  /** The port that local socket `via` has; 0: it is closed, or not open yet. */
  localPort(via: number): number {
    try {
      return this.#sockets[via]?.address().port ?? 0;
    } catch {
      return 0;
    }
  }

  close(): void {
    for (const via of this.#sockets.keys()) this.#close(via);
  }

  #receive(datagram: Buffer, { address, port }: RemoteInfo, via: number): void {
    if (this.#waiting.length >= WAITING_MAX) return;
    this.#options.counters?.add(Counter.DatagramsReceived, 1);
    this.#options.counters?.add(Counter.DatagramOctetsReceived, datagram.length);
    this.#waiting.push({ datagram, ipv4: int32(address), port, via });
    this.#options.onReadable();
  }

  #refuse(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }

  #close(via: number): void {
    const socket = this.#sockets[via];
    if (socket === undefined) return;
    this.#sockets[via] = undefined;
    socket
      .removeAllListeners('message')
      .removeAllListeners('error')
      .on('error', () => {});
    socket.close();
  }
}

function dotted(ipv4: number): string {
  return `${ipv4 >>> 24}.${(ipv4 >>> 16) & 0xff}.${(ipv4 >>> 8) & 0xff}.${ipv4 & 0xff}`;
}

/** Of an address that the system wrote. */
function int32(address: string): number {
  return address.split('.').reduce((value, octet) => (value << 8) | Number(octet), 0);
}
