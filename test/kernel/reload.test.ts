import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { teredoAddress } from '../support/implementation.ts';
import { reports, startServer } from '../support/ours.ts';
import { datagramsSent } from '../support/udp-counters.ts';

const SERVERS = ['203.0.113.1', '203.0.113.2'] as const;
const OTHERS = ['203.0.113.5', '203.0.113.6'] as const;

describeWith(laboratory, 'SIGHUP reads the configuration again', () => {
  const network = new Network();
  let serverHost: Namespace;
  let a: Namespace;
  let b: Namespace;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    serverHost = await internet.host('server', { ipv4: [...SERVERS, ...OTHERS], forwards: true });
    a = await internet.hostBehindNat('a', '198.51.100.1', 'masquerade');
    b = await internet.hostBehindNat('b', '198.51.100.2', 'masquerade');
  });
  afterEach(() => Promise.all(network.processes.map((process) => process.stop())));
  afterAll(() => network.close());

  /** Starts both clients, that of `b` for good, that of `a` from a file. */
  async function start(text: string): Promise<{ client: Process; file: string; peer: string }> {
    await startServer(serverHost, SERVERS, ['--no-control']);
    const file = join(network.directory, 'teredo.toml');
    writeFileSync(file, text, { mode: 0o644 });
    const client = startTeredo(a, ['client', '--config', file, '--json', '--no-control']);
    const other = startTeredo(b, [
      'client',
      SERVERS[0],
      '--refresh-interval',
      '600',
      '--no-nat-identification',
      '--json',
    ]);
    const [peer] = await Promise.all([teredoAddress(b, other), teredoAddress(a, client)]);
    return { client, file, peer };
  }

  async function hangUp(client: Process, type: string): Promise<Record<string, unknown>> {
    const before = reports(client, type).length;
    process.kill(client.pid, 'SIGHUP');
    await until(`a report "${type}"`, () => reports(client, type).length > before);
    return reports(client, type).at(-1)!;
  }

  test('peers survive: what can change does, what cannot is named, and no bubble is sent', async () => {
    const { client, file, peer } = await start(configuration({ interval: 600 }));
    expect((await ping(a, peer, 3)).received).toBe(3);
    const address = await teredoAddress(a, client);

    writeFileSync(file, configuration({ interval: 500, port: 4321 }));
    expect(await hangUp(client, 'reloaded')).toMatchObject({
      applied: ['client.refresh_interval = 500'],
      waiting: ['client.port = 4321'],
    });
    // Whoever had to be found again would be asked for through the server.
    const before = await datagramsSent(serverHost);
    const after = await ping(a, peer, 5);
    expect(after.received, after.output).toBe(5);
    expect(await datagramsSent(serverHost)).toBe(before);
    expect(await teredoAddress(a, client)).toBe(address);

    // What waits goes on waiting; and the interval is really another one.
    writeFileSync(file, configuration({ interval: 5, port: 4321 }));
    expect(await hangUp(client, 'reloaded')).toMatchObject({
      applied: ['client.refresh_interval = 5'],
      waiting: ['client.port = 4321'],
    });
    await until('a solicitation', async () => (await datagramsSent(serverHost)) > before);
    expect(reports(client, 'qualified')).toHaveLength(1);
  });

  test('a file that is wrong changes nothing, and says all that is wrong with it', async () => {
    const { client, file, peer } = await start(configuration({ interval: 600 }));
    writeFileSync(file, '[client]\nrefresh_interval = 1\nprot = 3\n');
    const refused = await hangUp(client, 'warning');
    expect(refused.code).toBe('TD-RELOAD-REFUSED');
    expect(refused.message).toContain('line 2: client.refresh_interval 1: not a number of seconds');
    expect(refused.message).toContain('line 3: client.prot: no such key');
    expect((await ping(a, peer, 2)).received).toBe(2);

    writeFileSync(file, configuration({ interval: 600 }));
    expect(await hangUp(client, 'reloaded')).toMatchObject({ applied: [], waiting: [] });
    expect(reports(client, 'qualified')).toHaveLength(1);
    expect(await client.stop('SIGTERM')).toBe('exit status 0');
  });

  test('a file that only root may read, after root has become another user: who may not is said, and what to do', async () => {
    const { client, file, peer } = await start(configuration({ interval: 600 }));
    const user = String(reports(client, 'privileges')[0]!.user);
    chmodSync(file, 0o600);
    const refused = await hangUp(client, 'warning');
    expect(refused.code).toBe('TD-RELOAD-REFUSED');
    expect(refused.message).toContain(`${file}: permission denied`);
    expect(refused.next).toBe(
      `this process is the user ${user}: let that user read the file, and enter ${network.directory}`,
    );
    expect((await ping(a, peer, 2)).received).toBe(2);

    chmodSync(file, 0o644);
    expect(await hangUp(client, 'reloaded')).toMatchObject({ applied: [], waiting: [] });
  });

  test('another server first: the client qualifies there, in the same process', async () => {
    await startServer(serverHost, OTHERS, ['--no-control']);
    const { client, file } = await start(configuration({ interval: 600 }));
    writeFileSync(file, configuration({ interval: 600, servers: OTHERS }));
    await hangUp(client, 'reloaded');
    await until('a second address', () => reports(client, 'qualified').length === 2);
    // 2001:0: and the server's address: 203.0.113.5 is cb00:7105.
    expect(reports(client, 'qualified').at(-1)!.address).toMatch(/^2001:0:cb00:7105:/);
    expect(client.running).toBe(true);
  });
});

function configuration(said: { interval: number; port?: number; servers?: readonly string[] }): string {
  const [first] = said.servers ?? SERVERS;
  return [
    'role = "client"',
    '[client]',
    `servers = ["${first}"]`,
    `refresh_interval = ${said.interval}`,
    ...(said.port === undefined ? [] : [`port = ${said.port}`]),
    'nat_identification = false',
    'local_discovery = false',
    '',
  ].join('\n');
}
