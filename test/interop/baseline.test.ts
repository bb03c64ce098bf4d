/** The laboratory itself, proved with Miredo on every side before anything of ours is measured in it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { Island } from './island.ts';
import { miredo } from './miredo.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';

describeWith([...laboratory, 'miredo', 'miredo-server'], 'Miredo client, server and relay with each other', () => {
  let island: Island;
  beforeAll(async () => {
    island = await Island.create();
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => console.error(await island.network.report()));
  });
  afterAll(() => island.close());

  test('a client and a native host reach each other', async () => {
    const [outward, inward, native] = await Promise.all([
      island.client(miredo, miredo, 1),
      island.client(miredo, miredo, 2),
      island.nativeHost(miredo),
    ]);
    await Promise.all([expectPingFromCold(outward, native), expectPingFromCold(native, inward)]);
    await expectTransferBothWays(outward, native);
  });

  test('nothing leads out of the laboratory', async () => {
    const { stdout } = await island.internet.router.runToEnd(['ip', 'route', 'show', 'default']);
    expect(stdout).toBe('');
  });
});
