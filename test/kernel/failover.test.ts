import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { startNameServer, startWithNames } from '../support/name-server.ts';
import { reports, startServer } from '../support/ours.ts';

const FIRST = ['192.0.2.1', '192.0.2.2'] as const;
const SECOND = ['192.0.2.101', '192.0.2.102'] as const;
const QUALIFIED = /"type":"qualified"/;

describeWith(laboratory, 'A client with several servers', () => {
  const network = new Network();
  let hosts: readonly Namespace[];
  let client: Namespace;
  let native: string;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    hosts = await Promise.all([
      internet.host('server-1', { ipv4: FIRST, ipv6: ['2001:db8:5::1'], forwards: true }),
      internet.host('server-2', { ipv4: SECOND, ipv6: ['2001:db8:6::1'], forwards: true }),
    ]);
    const relay = await internet.host('relay', {
      ipv4: ['203.0.113.9'],
      ipv6: ['2001:db8:1::1'],
      announces: ['2001:db8:1::/48'],
      forwards: true,
    });
    native = '2001:db8:1::80';
    await internet.hostBehind('native', relay, native);
    await startTeredo(relay, ['relay', '--json', '--no-control']).printed(/"type":"ready"/);
    client = await internet.hostBehindNat('client', '198.51.100.7', 'masquerade');
  });
  afterEach(() =>
    Promise.all(network.processes.filter((one) => !one.title.includes('relay')).map((one) => one.stop())),
  );
  afterAll(() => network.close());

  const serve = (index: 0 | 1): Promise<Process> =>
    startServer(hosts[index]!, [FIRST, SECOND][index]!, ['--no-control']);

  test('the first server is killed: within 15 s the second one serves, says so, and packets go on', async () => {
    const [first] = await Promise.all([serve(0), serve(1)]);
    const process = startTeredo(client, ['client', FIRST[0], SECOND[0], '--json', '--no-control']);
    await process.printed(QUALIFIED);
    expect((await ping(client, native, 2)).received).toBe(2);
    const from = performance.now();
    await first.stop('SIGKILL');
    await until('the second server', () => reports(process, 'qualified').length > 1, 20_000);
    const tookMs = Math.round(performance.now() - from);
    console.log(`failover: qualified at the second server ${tookMs} ms after the first one was killed`);
    expect(tookMs).toBeLessThan(15_000);
    expect(reports(process, 'server')).toMatchObject([
      { server: '192.0.2.101:3544', previous: '192.0.2.1:3544', preference: 1, reason: 'previous server silent' },
    ]);
    // One Teredo address and one route, those of the new server; the NAT kept the mapping.
    expect(await teredoAddresses(client)).toEqual([expect.stringMatching(/^2001:0:c000:265:/)]);
    const mappings = reports(process, 'qualified').map(({ mapping }) => (mapping as { external: string }).external);
    expect(new Set(mappings).size).toBe(1);
    expect((await ping(client, native, 2)).received).toBe(2);
    expect(await process.stop()).toBe('exit status 0');
  });

  test('the first server is away from the start: the second one serves within seconds', async () => {
    await serve(1);
    const process = startTeredo(client, ['client', FIRST[0], SECOND[0], '--json', '--no-control']);
    await process.printed(/"type":"starting"/);
    const from = performance.now();
    await process.printed(QUALIFIED);
    console.log(`first server away: qualified at the second one after ${Math.round(performance.now() - from)} ms`);
    expect(reports(process, 'qualified')[0]).toMatchObject({ server: '192.0.2.101:3544' });
    expect(await process.stop()).toBe('exit status 0');
  });

  test('a name with many addresses: one that lives serves; what no server can have is left out, and said', async () => {
    await serve(1);
    const names = { 'teredo.test': ['10.1.2.3', '127.0.0.1', FIRST[0], FIRST[1], SECOND[0], SECOND[1]] };
    await startNameServer(client, { a: names });
    const process = startWithNames(client, ['client', 'teredo.test', '--json', '--no-control']);
    await process.printed(QUALIFIED);
    expect(reports(process, 'warning')).toContainEqual(
      expect.objectContaining({ code: 'TD-SERVER-ADDRESS', message: expect.stringMatching(/10\.1\.2\.3/) as string }),
    );
    // The second address of a server is no server of its own: nobody asked for its next one.
    expect(process.output).not.toContain('192.0.2.3');
    expect(process.output).not.toContain('192.0.2.103');
    expect(await process.stop()).toBe('exit status 0');
  });

  test('a name service that is away, then answers: the client waits, says why, and qualifies', async () => {
    await serve(0);
    const process = startWithNames(client, ['client', 'teredo.test', '--json', '--no-control']);
    await process.printed(
      /"TD-SERVER-NAME","message":"cannot find the server teredo.test \((EAI_AGAIN|ENOTFOUND)\); next/,
    );
    await process.printed(/"type":"off-line".*"reason":"failed to resolve server name"/);
    await delay(1_000);
    expect(process.running).toBe(true);
    await startNameServer(client, { a: { 'teredo.test': [FIRST[0]] }, delayMs: 500 });
    await process.printed(QUALIFIED);
    expect(await process.stop()).toBe('exit status 0');
  });

  test('a name service that never answers is no reason to end, nor to end late', async () => {
    await serve(1);
    await startNameServer(client, { a: {}, silent: true });
    const process = startWithNames(client, ['client', 'teredo.test', SECOND[0], '--json', '--no-control']);
    // The server that needs no name serves meanwhile.
    await process.printed(QUALIFIED);
    const from = performance.now();
    expect(await process.stop()).toBe('exit status 0');
    console.log(`stopped beside a lookup without an answer after ${Math.round(performance.now() - from)} ms`);
  });
});

async function teredoAddresses(host: Namespace): Promise<string[]> {
  const rows = await host.ask<{ addr_info: { local: string }[] }[]>('-6', 'address', 'show', 'dev', 'teredo');
  return rows
    .flatMap(({ addr_info }) => addr_info.map(({ local }) => local))
    .filter((local) => local.startsWith('2001:'));
}
