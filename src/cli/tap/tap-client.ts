import type { IncomingMessage } from 'node:http';
import { type Mark, readRecords, type TapRecord } from '../../daemon/tap/record.ts';
import { TeredoError } from '../../errors.ts';
import type { ControlClient } from '../control-client.ts';

/** What has passed gets here within that. */
const PATIENCE_MS = 5_000;

/** What is asked for; see `GET /v1/capture`. */
export interface TapQuery {
  readonly peer?: string | undefined;
  readonly side?: string | undefined;
  readonly snap?: number | undefined;
  readonly identifier?: number | undefined;
  readonly secrets?: boolean | undefined;
}

/** What passes in a running process, as it passes. */
export class Tap {
  /** Records that did not get here, because one of us was too slow. */
  lost = 0;
  readonly #response: IncomingMessage;
  readonly #path: string;
  #isClosed = false;
  /** ms since 1970. */
  #endAt = Number.POSITIVE_INFINITY;

  private constructor(response: IncomingMessage, path: string) {
    this.#response = response;
    this.#path = path;
  }

  /** Errors: TD-NOT-REACHABLE, TD-CAPTURES. When it resolves nothing passes unseen any more. */
  static async open(client: ControlClient, query: TapQuery): Promise<Tap> {
    const text = new URLSearchParams();
    for (const [key, value] of Object.entries({ ...query, secrets: query.secrets === true ? 1 : undefined })) {
      if (value !== undefined) text.set(key, String(value));
    }
    const response = await client.openOctets(`/v1/capture?${text}`);
    // The first record says that we are heard, and nothing else.
    await new Promise<void>((resolve, reject) => {
      response.once('readable', resolve).once('end', resolve).once('error', reject);
    });
    return new Tap(response, client.path);
  }

  /** Records, chunk by chunk, until `finish` or `close`. Errors: TD-NOT-REACHABLE when the process ends. */
  async *records(): AsyncGenerator<readonly TapRecord[]> {
    let rest = Buffer.alloc(0);
    try {
      for await (const part of this.#response) {
        const chunk = rest.length === 0 ? (part as Buffer) : Buffer.concat([rest, part as Buffer]);
        const records: TapRecord[] = [];
        const tell = (record: TapRecord) => {
          if (record.at <= this.#endAt) records.push(record);
          else this.#isClosed = true;
        };
        rest = Buffer.from(chunk.subarray(readRecords(chunk, tell, (mark) => this.#mark(mark))));
        yield records;
        if (this.#isClosed) return;
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!this.#isClosed && code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    if (this.#isClosed) return;
    throw new TeredoError(
      'TD-NOT-REACHABLE',
      `the process behind ${this.#path} has ended`,
      'look at its log for the reason',
    );
  }

  /** Ends once everything that has passed by now is told. */
  finish(): void {
    if (this.#endAt !== Number.POSITIVE_INFINITY) return;
    this.#endAt = Date.now();
    setTimeout(() => this.close(), PATIENCE_MS).unref();
  }

  /** Ends now. */
  close(): void {
    this.#isClosed = true;
    this.#response.destroy();
  }

  #mark({ at, lost }: Mark): void {
    this.lost = lost;
    if (at >= this.#endAt) this.#isClosed = true;
  }
}
