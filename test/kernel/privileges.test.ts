/** What is left of root's rights once ports are open, seen from outside, thread by thread. */
import { chmodSync, copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findAccount, mayRead } from '../../src/io/linux/accounts.ts';
import { type ThreadRights, threadsOf } from '../../src/io/linux/threads.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';

const NET_BIND_SERVICE = 1n << 10n;
const NET_ADMIN = 1n << 12n;
const NET_RAW = 1n << 13n;
const READY = /"type":"ready"/;

const account = findAccount('teredo') ?? findAccount('nobody')!;

describeWith([...laboratory, 'code that everybody may read'], 'Rights that are given up', () => {
  const network = new Network();
  let host: Namespace;
  let before: string;

  beforeAll(async () => {
    expect(mayRead(account, PROGRAM)).toBe(true);
    host = await network.add('host');
    const other = await network.add('other');
    await network.cable(host, 'wan', other, 'wan');
    await host.ip('address add 192.0.2.1/24 dev wan', 'address add 192.0.2.3/24 dev wan');
    await host.sysctl({ 'net.ipv6.conf.all.forwarding': 1 });
    before = await host.snapshot();
  });
  afterEach(() => Promise.all(network.processes.map((process) => process.stop())));
  afterAll(() => network.close());

  async function start(argv: readonly string[], preload?: string): Promise<Process> {
    const process = startTeredo(host, [...argv, '--json'], preload);
    await process.printed(READY);
    return process;
  }

  test('a relay: every thread is another user, two of them may change interfaces, and none may get more', async () => {
    const process = await start(['relay']);
    expect(process.output).toMatch(`"type":"privileges","user":"${account.name}","capabilities":["net_admin"]`);
    const threads = threadsOf(String(process.pid));
    expect(threads.length).toBeGreaterThan(5);
    for (const { uids, gids, noNewPrivileges } of threads) {
      expect([...uids, ...gids, noNewPrivileges]).toEqual([
        ...Array(4).fill(account.uid),
        ...Array(4).fill(account.gid),
        true,
      ]);
    }
    expect(rightsOf(threads)).toEqual([NET_ADMIN, NET_ADMIN]);
    // The main thread hands it on to "ip" and to hooks, the data-path thread starts nothing.
    expect(threads.map(({ ambient }) => ambient).filter((mask) => mask !== 0n)).toEqual([NET_ADMIN]);
    expect(threads.find(({ id }) => id === String(process.pid))!.ambient).toBe(NET_ADMIN);

    await host.ip('link set teredo down');
    await process.printed(/"TD-INTERFACE-CHANGED".*put back: link set/);
    expect(await host.run(['ip', '-6', 'route', 'show', 'dev', 'teredo'])).toMatch(/^2001::\/32 .*metric 1024/m);
    expect(await process.stop(), process.output).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });

  test('a server without an interface keeps the right to raw sockets, a low port the right to low ports', async () => {
    const server = await start(['server', '--address', '192.0.2.1', '--address2', '192.0.2.3']);
    expect(rightsOf(threadsOf(String(server.pid)))).toEqual([NET_RAW, NET_RAW]);
    await server.stop();
    const client = await start(['client', '192.0.2.2', '--port', '500']);
    const both = NET_ADMIN | NET_BIND_SERVICE;
    expect(rightsOf(threadsOf(String(client.pid)))).toEqual([both, both]);
    await client.stop();
  });

  test('what was given up does not come back: not by a call, not by a program of root that runs as root', async () => {
    const program = join(network.directory, 'id');
    chmodSync(network.directory, 0o755);
    copyFileSync('/usr/bin/id', program);
    chmodSync(program, 0o4755);
    const anybody = ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', program, '-u'];
    expect((await host.run(anybody)).trim()).toBe('0');
    const attempts = `
      import { isMainThread, Worker } from 'node:worker_threads';
      import { spawnSync } from 'node:child_process';
      import { readFileSync } from 'node:fs';
      const attempt = (name, act) => {
        try { console.log(name, 'gave', String(act()).trim()); } catch (error) { console.log(name, 'refused', error.code); }
      };
      if (isMainThread) process.once('SIGUSR2', () => {
        attempt('setuid', () => process.setuid(0));
        attempt('setgroups', () => process.setgroups([0]));
        attempt('shadow', () => readFileSync('/etc/shadow').length);
        attempt('set-user-id', () => spawnSync('${program}', ['-u'], { encoding: 'utf8' }).stdout);
        new Worker(\`
          const { stdout } = require('node:child_process').spawnSync('${program}', ['-u'], { encoding: 'utf8' });
          console.log('in a thread gave', stdout.trim());\`, { eval: true });
      });`;
    const process = await start(['relay'], attempts);
    globalThis.process.kill(process.pid, 'SIGUSR2');
    await process.printed(/in a thread gave/);
    await process.printed(new RegExp(`in a thread gave ${account.uid}`));
    expect(process.output).toContain('setuid refused EPERM');
    expect(process.output).toContain('setgroups refused EPERM');
    expect(process.output).toContain('shadow refused EACCES');
    expect(process.output).toContain(`set-user-id gave ${account.uid}`);
  });

  test('a thread that kept more than it should is found, and the process ends', async () => {
    const koffi = createRequire(import.meta.url).resolve('koffi');
    const keeper = `
      import { isMainThread, Worker } from 'node:worker_threads';
      if (isMainThread && process.argv[2] === 'relay') await new Promise((resolve) => {
        const worker = new Worker(\`
          const prctl = require('${koffi}').load(null).func('int prctl(int, ulong, ulong, ulong, ulong)');
          prctl(8, 1, 0, 0, 0);
          require('node:worker_threads').parentPort.postMessage('kept');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);\`, { eval: true });
        worker.once('message', () => {
          worker.unref();
          resolve();
        });
      });`;
    const process = startTeredo(host, ['relay', '--json'], keeper);
    await until('the end of the process', () => !process.running);
    expect(process.output).toMatch(
      /"code":"TD-PRIVILEGES","message":"rights were not given up: thread \d+ .* beyond its own"/,
    );
    expect(process.output).not.toMatch(READY);
    expect(process.ending).toBe('exit status 3');
    expect(await host.snapshot()).toBe(before);
  });

  test('io_uring would keep rights in the kernel: refused, with what to do', async () => {
    const process = host.start(['env', 'UV_USE_IO_URING=1', globalThis.process.execPath, PROGRAM, 'relay']);
    await until('the end of the process', () => !process.running);
    expect(process.output).toMatch(/UV_USE_IO_URING=1: .*\n.*TD-IO-URING\n.*start it without/);
    expect(process.ending).toBe('exit status 3');
  });

  test('--user root stays root, and a user who is not there is told', async () => {
    const process = await start(['relay', '--user', 'root']);
    expect(threadsOf(String(process.pid)).every(({ uids }) => uids.every((uid) => uid === 0))).toBe(true);
    expect(process.output).not.toContain('TD-STAYS-ROOT');
    await process.stop();
    const stranger = startTeredo(host, ['relay', '--user', 'no-such-user', '--json']);
    await until('the end of the process', () => !stranger.running);
    expect(stranger.output).toMatch(/"TD-USER","message":"there is no user no-such-user on this host"/);
    expect(stranger.ending).toBe('exit status 3');
    expect(await host.snapshot()).toBe(before);
  });

  test('where root has no right to become anybody, it says so and goes on, unless a user was named', async () => {
    const without = [
      'setpriv',
      '--bounding-set',
      '-setuid,-setgid',
      globalThis.process.execPath,
      PROGRAM,
      'relay',
      '--json',
    ];
    const process = host.start(without);
    await process.printed(READY);
    expect(process.output).toMatch(/"TD-STAYS-ROOT","message":"goes on as root: no right to change the user"/);
    expect(await process.stop()).toBe('exit status 0');
    const named = host.start([...without, '--user', account.name]);
    await until('the end of the process', () => !named.running);
    expect(named.output).toMatch(/"TD-PRIVILEGES","message":"cannot become \w+: no right to change the user"/);
    expect(named.ending).toBe('exit status 3');
  });

  test('names are looked up and servers asked with the rights that are left', async () => {
    const hosts = join(network.directory, 'hosts');
    await host.run(['sh', '-c', `echo 192.0.2.2 server.example > ${hosts}`]);
    const inShell = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const command = [globalThis.process.execPath, PROGRAM, 'client', 'server.example', '--port', '501', '--json'];
    const client = host.start(['unshare', '--mount', 'sh', '-c', inShell, 'sh', hosts, ...command]);
    await client.printed(/"type":"starting","server":"192.0.2.2:3544"/);
    await host.run(['sh', '-c', `echo 192.0.2.4 server.example > ${hosts}`]);
    await client.printed(/"type":"starting","server":"192.0.2.4:3544"/, 60_000);
    expect(rightsOf(threadsOf(String(client.pid)))).toEqual([
      NET_ADMIN | NET_BIND_SERVICE,
      NET_ADMIN | NET_BIND_SERVICE,
    ]);
    expect(await client.stop(), client.output).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });
});

/** Of the threads that have any capability at all. */
function rightsOf(threads: readonly ThreadRights[]): bigint[] {
  return threads
    .map(({ permitted, effective, inheritable, ambient }) => permitted | effective | inheritable | ambient)
    .filter((mask) => mask !== 0n);
}
