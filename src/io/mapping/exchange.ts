import { createSocket } from 'node:dgram';
import { type Router, silence } from './mapping.ts';

/** RFC 6886 §3.3, RFC 6887 §19: the port of NAT-PMP and PCP. */
const PORT = 5351;
/** RFC 6886 §3.1: repeated after 250 ms, then after twice as long each time; we are sooner content with silence. */
const REPEATS_AT_MS = [250, 750];
const GIVE_UP_AT_MS = 1_750;

/**
 * Asks the router one question by UDP.
 *
 * Shape:  `read` judges each answer: undefined means that it answers something else; what it throws ends the exchange.
 *         The socket is connected, so the kernel lets in nothing but what the router sends from that very port.
 * Errors: rejects with a `MappingError` when there is no answer, or with the reason of `signal`.
 */
export async function exchange<T>(
  { gateway, local }: Router,
  request: Uint8Array,
  read: (answer: Buffer) => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const socket = createSocket('udp4');
  const timers: NodeJS.Timeout[] = [];
  let onAbort = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort);
      // Also what ICMP tells: nobody listens there.
      socket.on('error', () => reject(silence()));
      socket.on('message', (answer) => {
        try {
          const value = read(answer);
          if (value !== undefined) resolve(value);
        } catch (error) {
          reject(error as Error);
        }
      });
      // What cannot be sent is reported by the callback; the next attempt may do better.
      const send = () => socket.send(request, () => {});
      socket.bind({ address: local, port: 0 }, () => {
        socket.connect(PORT, gateway, (error?: Error) => {
          if (error !== undefined) return reject(silence());
          send();
          timers.push(...REPEATS_AT_MS.map((ms) => setTimeout(send, ms)));
          timers.push(setTimeout(() => reject(silence()), GIVE_UP_AT_MS));
        });
      });
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
    socket.removeAllListeners('message');
    socket.close();
  }
}
