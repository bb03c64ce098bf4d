/** Whatever ends our programs, the machine is afterwards as it was before. */
import { expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import type { Island } from '../support/island.ts';
import { ours } from '../support/ours.ts';
import { describeOnIsland } from './with-island.ts';

/** Makes a host for a program of ours, and starts it there. */
interface Program {
  readonly name: string;
  host(island: Island, number: number): Promise<Namespace>;
  start(island: Island, host: Namespace): Promise<Process>;
}

const programs: readonly Program[] = [
  {
    name: 'client',
    host: (island, number) =>
      island.internet.hostBehindNat(`client-${number}`, `198.51.100.${100 + number}`, 'masquerade'),
    start: async (island, host) => (await ours.client(host, await island.server(ours))).process,
  },
  {
    name: 'server',
    host: (island, number) => dualStack(island, 'server', number),
    start: (_, host) => ours.server(host, addresses(Number(host.name.split('-')[1]))),
  },
  {
    name: 'relay',
    host: (island, number) => dualStack(island, 'relay', number),
    start: (_, host) => ours.relay(host),
  },
  {
    name: 'host-relay',
    host: (island, number) => dualStack(island, 'host_relay', number),
    start: (_, host) => ours.hostRelay(host),
  },
];

describeOnIsland('After the end nothing is left behind', (island) => {
  let number = 0;
  for (const program of programs) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      test(`${program.name}, ${signal}: interface, routes, rules, settings and processes as before`, async () => {
        const host = await program.host(island(), ++number);
        const before = await host.snapshot();
        const process = await program.start(island(), host);
        expect(await host.snapshot()).not.toBe(before);

        expect(await process.stop(signal), process.output).toBe('exit status 0');
        expect(await host.snapshot()).toBe(before);
      });
    }

    test(`${program.name}: starts again after SIGKILL and then cleans up`, async () => {
      const host = await program.host(island(), ++number);
      const before = await host.snapshot();
      const first = await program.start(island(), host);
      await first.stop('SIGKILL');

      const second = await program.start(island(), host);
      expect(await second.stop(), second.output).toBe('exit status 0');
      expect(await host.snapshot()).toBe(before);
    });
  }
});

function dualStack(island: Island, name: string, number: number): Promise<Namespace> {
  return island.internet.host(`${name}-${number}`, {
    ipv4: addresses(number),
    ipv6: [`2001:db8:c::${number}`],
    forwards: name !== 'host_relay',
  });
}

function addresses(number: number): readonly [string, string] {
  return [`203.0.113.${100 + 2 * number}`, `203.0.113.${101 + 2 * number}`];
}
