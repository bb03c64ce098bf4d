import type { Batch } from '../../batch/batch.ts';
import type { TunPort, UdpPort } from '../../driver/driver.ts';
import type { Injection } from './injection.ts';
import { Direction } from './record.ts';
import type { Taps } from './taps.ts';

/** Ports as the driver sees them. While nobody looks this costs one comparison for each batch. */

export class TappedUdpPort implements UdpPort {
  readonly #port: UdpPort & { localPort(via: number): number };
  readonly #taps: Taps;
  readonly #role: number;
  readonly #localPort = (via: number) => this.#port.localPort(via);

  constructor(port: UdpPort & { localPort(via: number): number }, taps: Taps, role: number) {
    this.#port = port;
    this.#taps = taps;
    this.#role = role;
  }

  read(batch: Batch): void {
    this.#port.read(batch);
    if (this.#taps.count > 0) this.#taps.datagrams(batch, this.#role, Direction.In, this.#localPort);
  }

  write(batch: Batch): void {
    if (this.#taps.count > 0) this.#taps.datagrams(batch, this.#role, Direction.Out, this.#localPort);
    this.#port.write(batch);
  }

  setOpen(via: number, open: boolean, port?: number): void {
    this.#port.setOpen(via, open, port);
  }
}

export class TappedTunPort implements TunPort {
  readonly #port: TunPort;
  readonly #taps: Taps;
  readonly #injection: Injection;
  readonly #role: number;

  constructor(port: TunPort, taps: Taps, injection: Injection, role: number) {
    this.#port = port;
    this.#taps = taps;
    this.#injection = injection;
    this.#role = role;
  }

  read(batch: Batch): void {
    this.#port.read(batch);
    if (this.#injection.waiting > 0) this.#injection.append(batch);
    if (this.#taps.count > 0) this.#taps.packets(batch, this.#role, Direction.Out);
  }

  write(batch: Batch): void {
    if (this.#taps.count > 0) {
      this.#taps.claim(batch);
      this.#taps.packets(batch, this.#role, Direction.In);
    }
    this.#port.write(batch);
  }
}
