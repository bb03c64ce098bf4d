import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { PcapngWriter } from '../../capture/pcapng.ts';
import type { TapRecord } from '../../daemon/tap/record.ts';
import { TeredoError } from '../../errors.ts';
import { version } from '../version.ts';
import { wordsFor } from '../words.ts';
import { frameOf } from './tap-story.ts';

const DESCRIPTION = {
  datagram: 'datagrams, with IPv4 and UDP headers written anew: time to live, identification and UDP checksum are ours',
  packet: 'packets at the interface',
} as const;

/** A pcapng file, or pipe, that grows; who writes waits for it. */
export class CaptureFile {
  readonly #out: Writable;
  readonly #path: string;
  readonly #writer: PcapngWriter;
  /** By role and side. */
  readonly #interfaces = new Map<string, { readonly index: number; packets: number }>();
  readonly #roles: readonly string[];
  #blocks: Uint8Array[] = [];
  #lost = 0;
  #problem: NodeJS.ErrnoException | undefined;

  /** `path` may be "-": standard output. `roles` names those of the process. */
  constructor(path: string, roles: readonly string[]) {
    this.#path = path === '-' ? 'standard output' : path;
    this.#out = path === '-' ? process.stdout : createWriteStream(path);
    this.#out.on('error', (error) => {
      this.#problem = error;
    });
    this.#roles = roles;
    this.#writer = new PcapngWriter((block) => void this.#blocks.push(block), {
      application: `teredo ${version()}`,
    });
  }

  /** Whether the reader of a pipe has gone: no failure, but the end. */
  get isClosed(): boolean {
    return this.#problem?.code === 'EPIPE';
  }

  add(record: TapRecord, sentence: string | undefined, lost: number): void {
    const known = this.#interface(record);
    known.packets++;
    const gap = lost - this.#lost;
    this.#lost = lost;
    const comments = [
      ...(gap > 0 ? [`${gap} packets before this one are missing: the reader was too slow`] : []),
      ...(sentence === undefined ? [] : [sentence]),
    ];
    const frame = frameOf(record);
    const length = frame.length - record.bytes.length + record.length;
    this.#writer.addPacket(known.index, record.at, frame, comments, length);
  }

  /** Writes what was added. Errors: TD-OUTPUT. */
  async flush(): Promise<void> {
    const blocks = this.#blocks;
    this.#blocks = [];
    if (blocks.length > 0) {
      await new Promise<void>((resolve) => this.#out.write(Buffer.concat(blocks), () => resolve()));
    }
    const error = this.#problem;
    if (error === undefined || this.isClosed) return;
    throw new TeredoError('TD-OUTPUT', `cannot write to ${this.#path}: ${wordsFor(error)}`, 'write elsewhere');
  }

  async end(lost: number): Promise<void> {
    for (const { index, packets } of this.#interfaces.values()) {
      // Where a lost one belongs nobody knows any more: the first interface bears them all.
      const dropped = index === 0 ? lost : 0;
      this.#writer.addStatistics(index, Date.now(), packets + dropped, dropped);
    }
    await this.flush();
    if (this.#out !== process.stdout) await new Promise<void>((resolve) => this.#out.end(resolve));
  }

  #interface({ role, type }: TapRecord) {
    const key = `${role} ${type}`;
    let known = this.#interfaces.get(key);
    if (known === undefined) {
      const name = `${this.#roles[role] ?? `role ${role}`} ${type === 'datagram' ? 'udp' : 'tun'}`;
      known = { index: this.#writer.addInterface({ name, description: DESCRIPTION[type] }), packets: 0 };
      this.#interfaces.set(key, known);
    }
    return known;
  }
}
