import { TeredoError } from '../errors.ts';
import type { LimitUse } from '../roles/limits.ts';
import type { PeerPage } from './peer-page.ts';
import type { Echo } from './tap/injection.ts';
import type { TapOptions } from './tap/tap-options.ts';

/** How long the data path may take to answer; it answers between two turns. */
const PATIENCE_MS = 2_000;

/** What the main thread may ask the data path, and what comes back. */
export type Question =
  /** Is anybody there? */
  | { readonly type: 'ping' }
  /** The bounds of each role. */
  | { readonly type: 'limits' }
  /** A part of the list of recent peers of a role; see `peer-page.ts`. */
  | { readonly type: 'peers'; readonly role: number; readonly from: number; readonly max: number }
  /** Forget everything, and qualify again. */
  | { readonly type: 'reset' }
  /** Begin nothing new. */
  | { readonly type: 'drain' }
  /** Records of what passes go into the ring from now on, until `untap`. */
  | { readonly type: 'tap'; readonly id: number; readonly ring: SharedArrayBuffer; readonly options: TapOptions }
  | { readonly type: 'untap'; readonly id: number }
  /** Send an echo request as if it came from the interface. */
  | { readonly type: 'echo'; readonly role: number; readonly echo: Echo };

export interface Answers {
  readonly ping: true;
  /** By role. */
  readonly limits: readonly (readonly LimitUse[])[];
  /** Undefined: there is no such role, or it keeps no list. */
  readonly peers: PeerPage | undefined;
  readonly reset: true;
  readonly drain: true;
  /** False: what passes here cannot be looked at. */
  readonly tap: boolean;
  readonly untap: true;
  /** The source it leaves with, 16 octets; undefined: the role has no address to send from, or cannot send. */
  readonly echo: Uint8Array | undefined;
}

type QuestionOf<Type extends Question['type']> = Extract<Question, { readonly type: Type }>;

/** Questions on their way, and their answers. Bounded by `waitingMax`. */
export class Questions {
  readonly #send: (id: number, question: Question) => void;
  readonly #waiting = new Map<number, { resolve(answer: unknown): void; reject(error: TeredoError): void }>();
  #isOpen = false;
  #last = 0;

  constructor(send: (id: number, question: Question) => void) {
    this.#send = send;
  }

  /** Errors: TeredoError when the data path does not run, or does not answer in time. */
  async ask<Type extends Question['type']>(question: QuestionOf<Type>): Promise<Answers[Type]> {
    if (!this.#isOpen) throw new TeredoError('TD-DATA-PATH-AWAY', 'the data path does not run', 'see "teredo status"');
    if (this.#waiting.size >= waitingMax) throw silent();
    const id = ++this.#last;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answers[Type]>((resolve, reject) => {
        this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
        timer = setTimeout(() => reject(silent()), PATIENCE_MS);
        this.#send(id, question as Question);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  answered(id: number, answer: unknown): void {
    this.#waiting.get(id)?.resolve(answer);
  }

  open(): void {
    this.#isOpen = true;
  }

  /** The data path has ended: whoever waits for it waits in vain. */
  close(): void {
    this.#isOpen = false;
    for (const { reject } of this.#waiting.values()) reject(silent());
  }
}

/** Questions at a time: more wait already than the data path could want to answer. */
const waitingMax = 64;

function silent(): TeredoError {
  return new TeredoError('TD-DATA-PATH-SILENT', 'the data path does not answer', 'look at the load of this host');
}
