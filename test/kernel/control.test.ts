import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { startServer } from '../support/ours.ts';

describeWith(laboratory, 'The control socket', () => {
  const network = new Network();
  const socket = join(network.directory, 'teredo', 'client.sock');
  let host: Namespace;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    const server = await internet.host('server', { ipv4: ['192.0.2.1', '192.0.2.2'] });
    await startServer(server, ['192.0.2.1', '192.0.2.2'], ['--no-control']);
    host = await internet.hostBehindNat('client', '198.51.100.1', 'masquerade');
  });
  afterEach(() =>
    Promise.all(network.processes.filter(({ title }) => /client in/.test(title)).map((one) => one.stop())),
  );
  afterAll(() => network.close());

  async function client(...options: readonly string[]) {
    const process = startTeredo(host, ['client', '192.0.2.1', '--control-socket', socket, ...options]);
    await process.printed(/qualified, address/);
    return process;
  }

  function ask(...argv: readonly string[]) {
    return host.runToEnd([process.execPath, PROGRAM, ...argv, '--socket', socket]);
  }

  test('status: text, JSON and as netsh, of a qualified client', async () => {
    await client();
    const text = await ask('status');
    expect(text.stdout).toMatch(/^Client qualified: this host has the IPv6 address\s2001:0:c000:201:/);
    expect([text.status, text.stderr]).toEqual([0, '']);
    expect(text.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const status = JSON.parse((await ask('status', '--json')).stdout);
    expect(status).toMatchObject({ schemaVersion: 1, isWell: true, dataPath: { answers: true } });
    expect(status.roles[0]).toMatchObject({ state: 'qualified', server: { name: '192.0.2.1', address: '192.0.2.1' } });
    expect(status.roles[0].limits.map(({ name }: { name: string }) => name)).toContain('peers');
    const netsh = (await ask('status', '--format', 'netsh')).stdout;
    expect(netsh).toMatch(/^Teredo Parameters\n-{45}\nType {20}: client\nServer Name {13}: 192\.0\.2\.1\n/);
    expect(netsh).toMatch(/^External NAT Mapping {4}: 198\.51\.100\.1:\d+$/m);
    expect(await ask('status', '--quiet')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('the socket is for its owner and its group, and gone with the process', async () => {
    const process = await client();
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect(await process.stop()).toBe('exit status 0');
    expect(existsSync(socket)).toBe(false);
    const { status, stderr } = await ask('status');
    expect(stderr).toMatch(
      /no teredo answers at .*client\.sock: it is not there\n {2}code: TD-NOT-REACHABLE\n {2}next: /,
    );
    expect(status).toBe(4);
  });

  test('a living process keeps its socket, and the second is told its pid; a dead one loses it', async () => {
    const first = await client();
    const second = startTeredo(host, ['client', '192.0.2.1', '--interface', 'other', '--control-socket', socket]);
    await second.printed(new RegExp(`process ${first.pid} holds .*client\\.sock`));
    await until('the end of the second', () => !second.running);
    expect(second.ending).toBe('exit status 3');
    expect((await ask('status', '--json')).stdout).toContain(`"pid":${first.pid},`);
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    expect(existsSync(socket)).toBe(true);
    expect((await ask('status')).stderr).toContain('nobody listens there any more');
    const third = await client();
    expect((await ask('status', '--json')).stdout).toContain(`"pid":${third.pid},`);
  });
});
