import { fileURLToPath } from 'node:url';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';

const HELPER = fileURLToPath(new URL('train-helper.mjs', import.meta.url));
/** The receiver's. */
export const PORT = '5002';

/** What one end saw: how many datagrams, and a digest over their lengths and octets in order. */
export interface TrainResult {
  readonly datagrams: number;
  readonly sha256: string;
}

/** Trains of UDP datagrams of many sizes over IPv6, from one host to another; both ends tell what they saw. */
export async function trains(
  from: Namespace,
  to: Namespace,
  address: string,
): Promise<{ readonly sent: TrainResult; readonly received: TrainResult }> {
  const receiver = to.start([process.execPath, HELPER, 'receive', address, PORT]);
  await receiver.printed(/listening/);
  const sent = JSON.parse(await from.run([process.execPath, HELPER, 'send', address, PORT], 20_000)) as TrainResult;
  const received = JSON.parse((await receiver.printed(/\{.*\}/))[0]) as TrainResult;
  return { sent, received };
}
