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
    // Of the relays here: one that serves nobody is not well.
    await host.sysctl({ 'net.ipv6.conf.all.forwarding': 1 });
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

  test('address: the address alone; waited for where it is on its way; status 1 where there is none', async () => {
    const waiting = ask('address', '--wait', '20');
    const process = await client();
    const { address } = JSON.parse((await ask('address', '--json')).stdout) as { address: string };
    expect(await waiting).toMatchObject({ status: 0, stdout: `${address}\n` });
    expect(process.output).toContain(address);
    await ask('set', 'state', 'disabled');
    expect(await ask('address')).toMatchObject({ status: 1, stdout: '' });
  });

  test('set: live where it can be, with a new beginning where it must; taken back by "default"', async () => {
    const process = await client();
    expect((await ask('set', 'refresh-interval', '20')).stdout).toBe('set: in force at once\n');
    expect((await ask('status', '--format', 'netsh')).stdout).toMatch(/^Client Refresh Interval : 20 seconds$/m);
    expect((await ask('set', 'state', 'clientport=40123', 'servername=192.0.2.9')).stdout).toMatch(/new beginning/);
    await process.printed(/client: asking 192\.0\.2\.9:3544/);
    expect((await ask('status')).status).toBe(1);
    expect((await ask('status', '--format', 'netsh')).stdout).toMatch(/^Client Port {13}: 40123$/m);
    await ask('set', 'server', 'default');
    await until('the first server again', async () => (await ask('status')).status === 0);
    expect((await ask('status', '--format', 'netsh')).stdout).toMatch(/^Local Mapping {11}: 192\.168\.1\.2:40123$/m);
    expect((await ask('set', 'type', 'relay')).stderr).toContain('this process is a client, and cannot become a relay');
    await ask('set', 'type', 'disabled');
    await until('the end of the client', async () =>
      (await ask('status')).stdout.startsWith('Client offline: it is disabled'),
    );
    expect(await host.run(['ip', 'link'])).not.toMatch(/ teredo:/);
    await ask('set', 'state', 'default');
    await until('the client again', async () => (await ask('status')).status === 0);
    expect(await process.stop()).toBe('exit status 0');
  });

  test('set: a port that is taken is taken back, and the tunnel goes on with the one before', async () => {
    await client();
    const holder = "require('dgram').createSocket('udp4').bind(40999, () => console.log('listening'))";
    const taken = host.start([process.execPath, '-e', holder]);
    await taken.printed(/listening/);
    const { status, stderr } = await ask('set', 'port', '40999');
    await taken.stop();
    expect(stderr).toContain('40999');
    expect(status).not.toBe(0);
    await ask('address', '--wait', '10');
    expect((await ask('status')).status).toBe(0);
  });

  test('reset: another address; events tell it as it happens, bugreport later, without what it must not tell', async () => {
    const process = await client();
    const first = (await ask('address')).stdout;
    const events = host.start([globalThis.process.execPath, PROGRAM, 'events', '--json', '--socket', socket], 'events');
    await until('a listener', async () => (await ask('status')).status === 0);
    await ask('reset');
    await events.printed(/"type":"qualified".*"text":\["client: qualified, address/);
    expect((await ask('address')).stdout).not.toBe(first);
    const told = (await ask('events', '--past', '--count', '4')).stdout;
    expect(told).toMatch(/^\d\d:\d\d:\d\d client: UDP port \d+, interface teredo/m);
    const masked = (await ask('bugreport')).stdout;
    expect(masked).toMatch(/^=== teredo bug report\n[\s\S]*=== status\nClient qualified[\s\S]*=== ip address\n/);
    expect(masked).toContain(`command    client ipv4-1 --control-socket`);
    expect(masked).not.toMatch(/198\.51\.100\.1\b|2001:0:c000/);
    expect((await ask('bugreport', '--full')).stdout).toMatch(/198\.51\.100\.1:\d+/);
    await process.stop();
    await until('the end of events', () => !events.running);
    expect(events.output).toContain('TD-NOT-REACHABLE');
  });

  test('metrics and health: on an address of their own, where nothing can be changed, and on the socket', async () => {
    await client('--metrics', '127.0.0.1:9100');
    const fetched = async (path: string, method = 'GET') => {
      const script = `const r = await fetch('http://127.0.0.1:9100${path}', { method: '${method}' });
        console.log(r.status + ' ' + await r.text());`;
      return host.run([globalThis.process.execPath, '--input-type=module', '-e', script]);
    };
    const text = await fetched('/metrics');
    expect(text).toMatch(/^200 /);
    expect(text).toContain('teredo_state{role="client",state="qualified"} 1');
    expect(text).toMatch(/^teredo_datagrams_sent_total\{role="client"\} [1-9]/m);
    expect(text).toContain('teredo_cases_total{role="client",case="qualifications"} 1');
    expect(text).toMatch(/^teredo_limit_size\{role="client",limit="peers"\} 1048576$/m);
    expect(await fetched('/healthz')).toBe('200 ok\n\n');
    expect(await fetched('/readyz')).toMatch(/^200 Client qualified/);
    expect(await fetched('/v1/reset', 'POST')).toMatch(/^404/);
    await ask('set', 'type', 'disabled');
    expect(await fetched('/readyz')).toMatch(/^503 Client offline: it is disabled/);
    expect(await fetched('/healthz')).toMatch(/^200/);
  });

  test('drain: a relay tells it, serves on, and ends with status 0', async () => {
    const relay = startTeredo(host, ['relay', '--control-socket', socket]);
    await relay.printed(/leads into teredo/);
    await until('the relay on its socket', async () => (await ask('status')).status === 0);
    expect((await ask('drain', '--for', '2')).stdout).toBe('draining: the process ends in 2 s\n');
    expect((await ask('status')).stdout).toMatch(/^Relay draining/);
    await relay.printed(/draining: what runs goes on/);
    await until('the end of the relay', () => !relay.running);
    expect(relay.ending).toBe('exit status 0');
  });

  test('two instances on one host: each has its socket; who is not named is not guessed', async () => {
    const folder = join(network.directory, 'run');
    const run = ['env', `RUNTIME_DIRECTORY=${folder}`, process.execPath, PROGRAM];
    const relay = host.start([...run, 'relay', '--interface', 'one', '--port', '4001'], 'relay one');
    await relay.printed(/leads into one/);
    const alone = await host.runToEnd([...run, 'status']);
    expect([alone.status, alone.stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^Relay online/)]);
    const second = host.start([...run, 'client', '192.0.2.1', '--interface', 'two'], 'client two');
    await until('two sockets', async () => (await host.runToEnd([...run, 'status'])).status === 2);
    expect((await host.runToEnd([...run, 'status'])).stderr).toMatch(
      /2 processes of teredo run here: .*one\S*\.sock, .*two/,
    );
    await Promise.all([relay.stop(), second.stop()]);
    expect(await host.runToEnd([...run, 'status'])).toMatchObject({ status: 4 });
  });

  test('who is not in the group is told which group, and learns nothing', async () => {
    await client();
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    await host.run(['chmod', '755', network.directory]);
    const asked = await host.runToEnd([...nobody, process.execPath, PROGRAM, 'status', '--socket', socket]);
    expect([asked.status, asked.stdout]).toEqual([4, '']);
    expect(asked.stderr).toMatch(/you may not use the control socket[\s\S]*TD-NOT-REACHABLE-PERMISSION[\s\S]*group/);
  });
});
