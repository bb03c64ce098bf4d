/** A thread that sends at a given rate. It knows no network: it is given a connected socket. */
import { Worker } from 'node:worker_threads';

/** One load, bounded in rate and in time. */
export interface Load {
  /** A connected socket. */
  readonly fd: number;
  /** Messages that are sent in turn, again and again. */
  readonly messages: readonly Uint8Array[];
  /** Messages a second; evenly, in steps of about 150 microseconds. */
  readonly perSecond: number;
  readonly ms: number;
}

export interface Sent {
  /** Messages that the kernel took. */
  readonly count: number;
  /** How long it took; more than was asked for when the machine was too slow to stop in time. */
  readonly ms: number;
}

const HOOKS = new URL('../../scripts/typescript.mjs', import.meta.url).href;

export class Sender {
  readonly #worker = new Worker(new URL('sender-thread.ts', import.meta.url), {
    execArgv: ['--import', HOOKS],
  });

  /** Errors: what the thread threw; it throws when the kernel took no message at all. */
  send(load: Load): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const worker = this.#worker;
      const end = () => {
        worker.off('message', onMessage).off('error', onError);
      };
      const onMessage = (sent: Sent) => {
        end();
        resolve(sent);
      };
      const onError = (error: unknown) => {
        end();
        reject(error);
      };
      worker.on('message', onMessage).on('error', onError);
      worker.postMessage(load);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
