/**
 * What people get when something cannot be done: bad configuration or a failing system, never a packet.
 *
 * `code` is stable and may be searched for; `message` and `next` are for people and may change.
 */
export class TeredoError extends Error {
  /** For instance `TD-TUN-PERMISSION`. */
  readonly code: string;
  /** What to do about it, as a sentence; empty when there is nothing to advise. */
  readonly next: string;

  constructor(code: string, message: string, next = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'TeredoError';
    this.code = code;
    this.next = next;
  }
}
