/** Counts what passes a namespace, in the kernel, so that counting costs next to nothing. */
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';

export interface Count {
  /** Buffers of the kernel: one may hold many datagrams of one size, with headers that are counted once. */
  readonly packets: number;
  readonly octets: number;
}

const TABLE = 'bench';

/** One in each namespace at a time. */
export class Counter {
  readonly #namespace: Namespace;

  private constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /** Counts what matches an nftables expression as it comes in; with `drop` it goes no further. */
  static async start(namespace: Namespace, match: string, drop: boolean): Promise<Counter> {
    await namespace.nft(`
      table inet ${TABLE} {
        counter passed {}
        chain prerouting {
          type filter hook prerouting priority raw; policy accept;
          ${match} counter name passed ${drop ? 'drop' : ''}
        }
      }
    `);
    return new Counter(namespace);
  }

  /** What has passed since the start. */
  async read(): Promise<Count> {
    return parseCounter(await this.#namespace.run(['nft', '-j', 'list', 'counters', 'table', 'inet', TABLE]));
  }

  /** Takes the rules away again, for each costs the kernel a little. */
  async stop(): Promise<void> {
    await this.#namespace.nft(`delete table inet ${TABLE}`);
  }
}

/** The one counter in what `nft -j list counters` prints. */
export function parseCounter(text: string): Count {
  const { nftables } = JSON.parse(text) as { nftables: { counter?: { packets: number; bytes: number } }[] };
  const counter = nftables.find((each) => each.counter !== undefined)?.counter;
  if (counter === undefined) throw new Error(`no counter in ${text}`);
  return { packets: counter.packets, octets: counter.bytes };
}

/** Datagrams of one size in what was counted, however the kernel held them: each buffer has its headers once. */
export function datagrams({ packets, octets }: Count, headers: number, size: number): number {
  return Math.max(0, (octets - packets * headers) / size);
}
