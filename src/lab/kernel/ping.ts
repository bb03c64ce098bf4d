import type { Namespace } from './namespaces.ts';

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Round trip of the first packet, in milliseconds; undefined when it was lost. */
  readonly firstMs: number | undefined;
  /** What ping printed. */
  readonly output: string;
}

/** Ten echo requests, 200 ms apart; the first may wait for bubbles and tests, so answers have 8 s. */
export async function ping(from: Namespace, to: string, count = 10): Promise<PingResult> {
  const argv = ['ping', '-6', '-n', '-c', String(count), '-i', '0.2', '-W', '8', to];
  const { stdout, stderr } = await from.runToEnd(argv, 60_000);
  const totals = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  const first = /icmp_seq=1 .*time=([\d.]+) ms/.exec(stdout);
  return {
    sent: Number(totals?.[1] ?? 0),
    received: Number(totals?.[2] ?? 0),
    firstMs: first === null ? undefined : Number(first[1]),
    output: `${from.name}: ${argv.join(' ')}\n${stdout}${stderr}`,
  };
}
