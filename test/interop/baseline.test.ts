/** The laboratory itself, proved with Miredo on every side before anything of ours is measured in it. */
import { expect, test } from 'vitest';
import { miredo } from '../support/miredo.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

describeOnIsland('Miredo with itself', (island) => {
  test('a client and a native host behind a relay reach each other', async () => {
    const [first, second, native] = await Promise.all([
      island().client(miredo, miredo, 1),
      island().client(miredo, miredo, 2),
      island().nativeHost(miredo),
    ]);
    await Promise.all([expectPingFromCold(first, native), expectPingFromCold(native, second)]);
    await expectTransferBothWays(first, native);
  });

  test('two clients reach each other', async () => {
    const [first, second] = await Promise.all([island().client(miredo, miredo, 1), island().client(miredo, miredo, 2)]);
    await expectPingFromCold(first, second);
    await expectTransferBothWays(first, second);
  });

  test('nothing leads out of the laboratory', async () => {
    for (const family of ['-4', '-6']) {
      const routes = await island().internet.router.ask<unknown[]>(family, 'route', 'show', 'default');
      expect(routes).toEqual([]);
    }
  });
});
