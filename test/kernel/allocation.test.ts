import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { describeWith } from '../support/capabilities.ts';

const HELPER = fileURLToPath(new URL('../support/allocation-helper.mjs', import.meta.url));
/** What V8 itself moves about between two looks at it, whatever we do. */
const NOISE_OCTETS = 100_000;

describeWith(['root', 'network namespaces', 'a TUN device'], 'The ports leave no garbage behind', () => {
  const network = new Network();
  let host: Namespace;

  beforeAll(async () => {
    host = await network.add('host');
    await host.sysctl({ 'net.ipv6.conf.all.forwarding': 1 });
  });
  afterAll(() => network.close());

  test.each([
    ['tso,uso,segment,gro', ['tso', 'uso', 'segment', 'gro']],
    ['none', []],
  ])('the heap after a million packets both ways is the heap before them; offloads: %s', async (list, inUse) => {
    const output = await host.run([process.execPath, '--expose-gc', HELPER, '1000000', list], 60_000);
    const result = JSON.parse(output) as { packets: number; grown: number; offloads: string[]; errors: unknown[] };
    expect(result.offloads).toEqual(inUse);
    expect(result.errors).toEqual([]);
    expect(result.packets).toBeGreaterThanOrEqual(1_000_000);
    expect(result.grown).toBeLessThan(NOISE_OCTETS);
  });
});
