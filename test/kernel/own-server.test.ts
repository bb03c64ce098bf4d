/** A server that needs a server: the host that runs one is a client of another, and not of itself. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { reports, startServer } from '../support/ours.ts';
import { SERVER, SmallIsland } from '../support/staying-up.ts';

const OWN = ['192.0.2.101', '192.0.2.102'] as const;

describeWith(laboratory, 'A client beside a server on one host', () => {
  const island = new SmallIsland();
  let host: Namespace;

  beforeAll(async () => {
    await island.open();
    host = await island.internet.host('server-and-client', { ipv4: OWN });
    await startServer(host, OWN, ['--no-control']);
  });
  afterAll(() => island.close());

  test('with another server it is qualified, and reaches native hosts; its own server serves on', async () => {
    const client = startTeredo(host, ['client', SERVER[0], '--json', '--no-control']);
    await client.printed(/"type":"qualified"/);
    expect(reports(client, 'qualified')[0]).toMatchObject({ nat: 'none' });
    expect(reports(client, 'warning').map(({ code }) => code)).not.toContain('TD-OWN-SERVER');
    const { received, output } = await ping(host, island.nativeAddress, 3);
    expect(received, output).toBe(3);
    const [other] = await island.hostBehindNat('other', '198.51.100.9', 'masquerade');
    const served = startTeredo(other, ['client', OWN[0], '--json', '--no-control']);
    await served.printed(/"type":"qualified"/);
    expect(await client.stop()).toBe('exit status 0');
  });

  test('with its own server it is told that this is no server for it, and what is', async () => {
    const client = startTeredo(host, ['client', OWN[0], '--json', '--no-control']);
    await client.printed(
      /"TD-OWN-SERVER","message":"the server 192\.0\.2\.101 is this host itself.*name a server on another/,
    );
    expect(await client.stop()).toBe('exit status 0');
  });
});
