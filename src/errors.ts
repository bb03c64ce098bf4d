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

/** The error itself, or what is unexpected as an error for people: a mistake of ours. */
export function asTeredoError(error: unknown): TeredoError {
  if (error instanceof TeredoError) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new TeredoError('TD-INTERNAL', text, 'this is a mistake in teredo itself: please report it with this text');
}
