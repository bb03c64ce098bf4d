import { lookup } from 'node:dns/promises';
import { parseIpv4 } from '../wire/text.ts';

/**
 * Asks the system's name service once for the IPv4 addresses of a name.
 *
 * Shape:  int32, in the order the system gives; an address as text is its own answer. A text is the name service's own
 *         word for its failure: "ENOTFOUND".
 * Errors: only when `signal` aborts.
 */
export async function lookUp(name: string, signal: AbortSignal): Promise<readonly number[] | string> {
  const literal = parseIpv4(name);
  if (literal !== undefined) return [literal];
  try {
    const found = await abortable(lookup(name, { family: 4, all: true }), signal);
    return found.flatMap(({ address }) => parseIpv4(address) ?? []);
  } catch (error) {
    signal.throwIfAborted();
    return (error as { code?: string }).code ?? (error as Error).message;
  }
}

/** The system's resolver cannot be interrupted; we can stop waiting for it. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}
