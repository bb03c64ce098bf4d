import { expect } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { transfer } from '../support/transfer.ts';

/** Anything with an IPv6 address: a client, a native host. */
export interface End {
  readonly host: Namespace;
  readonly address: string;
}

/** Asserts ten answers to ten echo requests from `from` to `to`, though neither has heard of the other before. */
export async function expectPingFromCold(from: End, to: End): Promise<void> {
  const result = await ping(from.host, to.address);
  expect(result.received, result.output).toBe(10);
}

/** Asserts that 50 MB arrive unchanged over TCP, first one way and then the other. */
export async function expectTransferBothWays(a: End, b: End): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { sent, received, megabitsPerSecond } = await transfer(from.host, to.host, to.address);
    expect(received).toEqual(sent);
    expect(received.octets).toBe(50_000_000);
    process.stdout.write(`${from.host.name} > ${to.host.name}: ${megabitsPerSecond.toFixed(0)} Mbit/s\n`);
  }
}
