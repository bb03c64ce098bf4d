import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ROUTE_PROTOCOL } from '../../src/io/linux/routes.ts';
import { runToEnd } from '../../src/lab/kernel/commands.ts';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { listening, teredoAddress } from '../support/implementation.ts';
import { reports, startServer } from '../support/ours.ts';

const SERVERS = ['203.0.113.1', '203.0.113.2'] as const;

describeWith([...laboratory, 'miredo', 'miredo-server'], "Debian's files of Miredo, moved over", () => {
  const network = new Network();
  let internet: Internet;

  beforeAll(async () => {
    internet = await Internet.create(network);
  });
  afterEach(() => Promise.all(network.processes.map((process) => process.stop())));
  afterAll(() => network.close());

  /** What `teredo config import` makes of a file, written where it may be run from. */
  async function imported(path: string, name: string): Promise<string> {
    const { stdout, stderr, status } = await runToEnd([process.execPath, PROGRAM, 'config', 'import', path]);
    expect(status, stderr).toBe(0);
    const file = join(network.directory, name);
    writeFileSync(file, stdout, { mode: 0o644 });
    const check = await runToEnd([process.execPath, PROGRAM, 'config', 'check', file, '--json']);
    expect(check.stderr).toBe('');
    // Addresses of the laboratory are none of this host's; of the file itself there is nothing to be said.
    const { remarks } = JSON.parse(check.stdout) as { remarks: { code: string }[] };
    expect(remarks.filter(({ code }) => code !== 'TD-ADDRESS-MISSING')).toEqual([]);
    return file;
  }

  test('miredo.conf with its client-hook: the client runs from it and qualifies, with the stock hook at work', async () => {
    const server = await internet.host('server', { ipv4: SERVERS, forwards: true });
    await startServer(server, SERVERS, ['--no-control']);
    const host: Namespace = await internet.hostBehindNat('a', '198.51.100.1', 'masquerade');
    const file = await imported('/etc/miredo/miredo.conf', 'client.toml');

    // The server that Debian names is not in the laboratory: the command line goes before the file.
    const client = startTeredo(host, ['client', SERVERS[0], '--config', file, '--no-control', '--json']);
    await until('an address', () => reports(client, 'qualified').length > 0);
    const address = await teredoAddress(host, client);
    expect(reports(client, 'qualified')[0]).toMatchObject({ interface: 'teredo', address });
    // Ours bears our protocol, that of a hook, made with a bare "ip route add", is "boot": the stock hook has flushed the
    // interface, ours with it, and what is there now is its own. We let that be.
    const routes = () => host.run(['ip', '-6', '-details', 'route', 'show', 'default', 'dev', 'teredo']);
    await until('the route of the hook', async () => / proto boot .*metric 1029/.test(await routes()));
    await delay(2_000);
    expect((await routes()).match(/^.*default/gm)).toHaveLength(1);
    expect(await routes()).not.toContain(`proto ${ROUTE_PROTOCOL}`);
    // It has put the address back too, which it flushed before it made the route.
    const addresses = await host.run(['ip', '-6', 'address', 'show', 'dev', 'teredo']);
    expect([...addresses.matchAll(/inet6 (\S+)/g)].map((match) => match[1]).sort()).toEqual(
      [`${address}/32`, 'fe80::ffff:ffff:ffff/64'].sort(),
    );
    expect(client.output).not.toContain('TD-HOOK');
    expect(await client.stop('SIGTERM'), client.output).toBe('exit status 0');
  });

  test('miredo-server.conf: the server runs from it, on both addresses', async () => {
    const file = await imported('/etc/miredo/miredo-server.conf', 'server.toml');
    const host = await internet.host('own', { ipv4: ['192.0.2.221', '192.0.2.222'], forwards: true });
    const server = startTeredo(host, ['run', '--config', file, '--no-control', '--json']);
    const sockets = await listening(host, server, 3544);
    expect(sockets).toContain('192.0.2.221:3544');
    expect(sockets).toContain('192.0.2.222:3544');
  });
});
