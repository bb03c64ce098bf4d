import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Capability, describeWith, laboratory } from '../support/capabilities.ts';
import { Island } from '../support/island.ts';

const programs: readonly Capability[] = ['miredo', 'miredo-server'];

export interface IslandOptions {
  /** What the tests need besides the laboratory and Miredo. */
  readonly needs?: readonly Capability[];
  /** See `Network`. */
  readonly wholeChecksums?: boolean;
}

/**
 * Describes tests that share one island, so that each daemon starts once. After a failure it prints what the daemons
 * said, addresses, routes and NAT rules of all hosts.
 */
export function describeOnIsland(name: string, body: (island: () => Island) => void, options: IslandOptions = {}) {
  describeWith([...laboratory, ...programs, ...(options.needs ?? [])], name, () => {
    let island: Island | undefined;
    beforeAll(async () => {
      island = await Island.create(options);
    });
    beforeEach(({ onTestFailed }) => {
      onTestFailed(async () => {
        if (island !== undefined) process.stderr.write(`${await island.network.report()}\n`);
      });
    });
    afterAll(() => island?.close());
    body(() => island!);
  });
}
