import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { TeredoError } from '../errors.ts';
import { parseIpv4 } from '../wire/text.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/**
 * Finds the IPv4 address of a server name, however long the name service is away: a machine that starts may have no
 * network yet, and one that sleeps loses it.
 *
 * Shape:  int32; an address as text is its own answer.
 * Errors: only when `signal` aborts; failed attempts are told to `onFailure` with the time until the next.
 */
export async function resolveServer(
  name: string,
  signal: AbortSignal,
  onFailure: (error: TeredoError) => void,
): Promise<number> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
    const found = await resolveOnce(name, signal);
    if (typeof found === 'number') return found;
    onFailure(
      new TeredoError(
        'TD-SERVER-NAME',
        `cannot find the server ${name} (${found}); next attempt in ${delayMs / 1_000} s`,
        'check the name and the name service, or give the IPv4 address of the server',
      ),
    );
    await delay(delayMs, undefined, { signal });
  }
}

/**
 * Whether a server name means another address now.
 *
 * Errors: none; when the name service gives no answer, the old one stands.
 */
export async function hasMoved(name: string, server: number, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await resolveOnce(name, signal);
    return typeof found === 'number' && found !== server;
  } catch {
    return false; // aborted
  }
}

/** One attempt: the address, or the name service's reason in its own word. */
async function resolveOnce(name: string, signal: AbortSignal): Promise<number | string> {
  const literal = parseIpv4(name);
  if (literal !== undefined) return literal;
  try {
    const { address } = await abortable(lookup(name, { family: 4 }), signal);
    return parseIpv4(address)!;
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
