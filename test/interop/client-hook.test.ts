/** Hooks that were written for Miredo run with us, Debian's own to begin with. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { teredoAddress } from '../support/implementation.ts';
import { ours, startClient } from '../support/ours.ts';
import { describeOnIsland } from './with-island.ts';

const STOCK = '/etc/miredo/client-hook';

describeOnIsland("Miredo's client hook", (island) => {
  const clientHost = (name: string, number: number) =>
    island().internet.hostBehindNat(name, `198.51.100.${200 + number}`, 'masquerade');

  test("Debian's stock hook beside us: one address, one route, nothing to mend, and the host is as before", async () => {
    const host = await clientHost('stock', 1);
    const before = await host.snapshot();
    const process = startClient(host, await island().server(ours), ['--client-hook', STOCK]);
    const address = await teredoAddress(host, process);
    // The hook takes our route away and makes the same one; whoever watches routes hears of it 0.2 s later.
    await until('the route of the hook', async () => /^default dev teredo metric 1029/m.test(await routes(host)));
    await delay(2_000);
    expect((await routes(host)).match(/^default/gm)).toHaveLength(1);
    const addresses = await host.run(['ip', '-6', 'address', 'show', 'dev', 'teredo']);
    expect([...addresses.matchAll(/inet6 (\S+)/g)].map((match) => match[1]).sort()).toEqual(
      [`${address}/32`, 'fe80::ffff:ffff:ffff/64'].sort(),
    );
    expect(process.output).not.toMatch(/"warning"|"hook"/);
    expect(await process.stop(), process.output).toBe('exit status 0');
    expect(process.output).not.toContain('TD-HOOK');
    expect(await host.snapshot()).toBe(before);
  });

  test('the same variables with the same values as from Miredo 1.2.6, at the same changes', async () => {
    const [primary] = await island().server(ours);
    const { directory } = island().network;
    chmodSync(directory, 0o755);
    const [theirHook, theirs] = recorder(directory, 'theirs');
    const miredoHost = await clientHost('theirs', 2);
    const conf = join(directory, 'hooked.conf');
    writeFileSync(conf, `RelayType client\nInterfaceName teredo\nServerAddress ${primary}\n`);
    const inShell = `mount --bind ${theirHook} ${STOCK} && exec miredo -f -c ${conf} -p ${directory}/hooked.pid`;
    const miredo = miredoHost.start(['unshare', '--mount', 'sh', '-c', inShell]);
    await until('their hook', () => theirs().includes('STATE=up'));
    await miredo.stop();
    await until('the end of their hook', () => theirs().includes('STATE=destroy'));

    const [ourHook, ourRecord] = recorder(directory, 'ours');
    const host = await clientHost('ours-hooked', 3);
    const process: Process = startClient(host, await island().server(ours), ['--client-hook', ourHook]);
    await until('our hook', () => ourRecord().includes('STATE=up'));
    expect(await process.stop(), process.output).toBe('exit status 0');
    expect(likeness(ourRecord())).toEqual(likeness(theirs()));
  });
});

function routes(host: Namespace): Promise<string> {
  return host
    .run(['ip', '-6', 'route', 'show', 'dev', 'teredo'])
    .then((text) => text.replace(/^default (?!dev)/gm, 'default dev teredo '));
}

/** A hook that writes down the variables it gets, and what reads them. */
function recorder(directory: string, name: string): readonly [path: string, read: () => string] {
  const path = join(directory, `${name}-hook`);
  const log = join(directory, `${name}-log`);
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  writeFileSync(path, `#!/bin/sh\n{ echo; env | sort; } >> ${log}\n`, { mode: 0o755 });
  return [path, () => readFileSync(log, 'utf8')];
}

/** Calls as lists of variables, without what differs by nature: the address itself, and what a shell adds. */
function likeness(record: string): string[][] {
  return record
    .trim()
    .split('\n\n')
    .map((call) =>
      call
        .split('\n')
        .filter((line) => !/^(PATH|PWD|HOME|LANG|LC_ALL|TZ|_|SHLVL|OLDPWD)=/.test(line))
        .map((line) => line.replace(/2001:\S+/, 'TEREDO')),
    );
}
