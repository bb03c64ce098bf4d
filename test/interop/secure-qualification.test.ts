/** Secure qualification (RFC 4380 §5.2.2) from end to end, with the secrets in files as a user keeps them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { teredoAddress } from '../support/implementation.ts';
import type { Island } from '../support/island.ts';
import { ours, reports, startClient, startServer } from '../support/ours.ts';
import { expectPingFromCold } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

const SERVER = ['192.0.2.50', '192.0.2.51'] as const;

describeOnIsland('RFC 4380 §5.2.2: secure qualification', (island) => {
  let server: Promise<Process> | undefined;
  let number = 0;

  /** A client of the server that knows two secrets, started with a secret of its own or with none. */
  async function client(secret: string | undefined): Promise<{ host: Namespace; process: Process }> {
    server ??= secureServer(island());
    await server;
    const at = ++number;
    const host = await island().internet.hostBehindNat(`client-${at}`, `198.51.100.${at}`, 'masquerade');
    const options =
      secret === undefined ? [] : ['--identifier', 'alice', '--secret-file', file(island(), `secret-${at}`, secret)];
    return { host, process: startClient(host, SERVER, options) };
  }

  test('a client with the right secret qualifies and reaches a native host', async () => {
    const { host, process } = await client('correct-horse');
    const address = await teredoAddress(host, process);
    await expectPingFromCold({ host, address }, await island().nativeHost(ours));
  });

  test('clients with a wrong secret or none get no answer', async () => {
    const clients = await Promise.all([client('battery-staple'), client(undefined)]);
    for (const { process } of clients) {
      await process.printed(/"type":"off-line"/);
      expect(reports(process, 'off-line')).toMatchObject([{ reason: 'primary server unreachable' }]);
      expect(reports(process, 'qualified')).toEqual([]);
    }

    const process = await server!;
    await process.stop();
    const [{ drops }] = reports(process, 'stopped')[0]!.roles as [{ drops: Record<string, number> }];
    // Each of the two sent three solicitations.
    expect(drops).toMatchObject({ authentication: 6 });
  });
});

async function secureServer(island: Island): Promise<Process> {
  const host = await island.internet.host('secure-server', {
    ipv4: SERVER,
    ipv6: ['2001:db8:5::50'],
    forwards: true,
  });
  const secrets = file(island, 'secrets', 'bob hex:00ff17\nalice correct-horse\n');
  return startServer(host, SERVER, ['--secret-file', secrets]);
}

/** Writes a file that its owner alone may read. */
function file(island: Island, name: string, text: string): string {
  const path = join(island.network.directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
