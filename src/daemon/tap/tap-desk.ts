import { TeredoError } from '../../errors.ts';
import type { Questions } from '../questions.ts';
import { TapRing } from './ring.ts';
import type { TapOptions } from './tap-options.ts';
import { type LocalIpv4, TapReader } from './tap-reader.ts';

/** Each has a ring of its own. */
const readersMax = 8;

interface Place {
  readonly ring: TapRing;
  readonly options: TapOptions;
}

/** Who looks at what passes; readers stay while roles begin anew. */
export class TapDesk {
  readonly #places = new Map<number, Place>(); // Bounded by readersMax.
  readonly #questions: () => Questions | undefined;
  #last = 0;

  /** `questions`: those of the data path that runs now. */
  constructor(questions: () => Questions | undefined) {
    this.#questions = questions;
  }

  /** A data path begins to carry packets, and knows nobody yet. */
  ready(): void {
    for (const [id, place] of this.#places) void this.#tap(id, place).catch(() => {});
  }

  /**
   * Records from now on until `gone`; to be read, for they hold a place until then.
   *
   * Errors: TD-CAPTURES when too many look already; TD-CAPTURE-NONE when what passes cannot be looked at.
   */
  async read(
    options: TapOptions,
    localIpv4: LocalIpv4,
    showsSecrets: boolean,
    gone: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    if (this.#places.size >= readersMax) {
      throw new TeredoError('TD-CAPTURES', `${readersMax} readers look already`, 'end one of them');
    }
    const id = ++this.#last;
    const place = { ring: new TapRing(), options };
    this.#places.set(id, place);
    // While no data path runs, it begins with the next one.
    if (!(await this.#tap(id, place).catch(() => true))) {
      this.#places.delete(id);
      const next = 'capture on the interface instead ("tcpdump -i any udp port 3544")';
      throw new TeredoError('TD-CAPTURE-NONE', 'without system calls what passes cannot be looked at', next);
    }
    return this.#chunks(id, new TapReader(place.ring, localIpv4, showsSecrets), gone);
  }

  async *#chunks(id: number, reader: TapReader, gone: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* reader.chunks(gone);
    } finally {
      this.#places.delete(id);
      await this.#questions()
        ?.ask({ type: 'untap', id })
        .catch(() => {});
    }
  }

  async #tap(id: number, { ring, options }: Place): Promise<boolean> {
    return (await this.#questions()?.ask({ type: 'tap', id, ring: ring.memory, options })) ?? true;
  }
}
