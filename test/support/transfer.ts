import { fileURLToPath } from 'node:url';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';

const HELPER = fileURLToPath(new URL('transfer-helper.mjs', import.meta.url));
/** The receiver's. */
export const PORT = '5001';

export interface TransferResult {
  readonly sent: Digest;
  readonly received: Digest;
  readonly megabitsPerSecond: number;
}

export interface Digest {
  readonly octets: number;
  readonly sha256: string;
}

/** One TCP transfer of seeded noise over IPv6; both ends tell how much they saw and its SHA-256. */
export async function transfer(
  from: Namespace,
  to: Namespace,
  address: string,
  octets = 50_000_000,
): Promise<TransferResult> {
  const receiver = to.start([process.execPath, HELPER, 'receive', address, PORT]);
  await receiver.printed(/listening/);
  const beganAt = performance.now();
  const sent = JSON.parse(
    await from.run([process.execPath, HELPER, 'send', address, PORT, String(octets), `${from.name} to ${to.name}`]),
  ) as Digest;
  const received = JSON.parse((await receiver.printed(/\{.*\}/))[0]) as Digest;
  const ms = performance.now() - beganAt;
  return { sent, received, megabitsPerSecond: (received.octets * 8) / 1000 / ms };
}
