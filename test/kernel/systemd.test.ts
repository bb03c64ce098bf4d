/** What the units promise: their exposure, and that a daemon with just their rights does its work and tells systemd. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findAccount } from '../../src/io/linux/accounts.ts';
import { threadsOf } from '../../src/io/linux/threads.ts';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { NotifySocket } from '../support/notify-socket.ts';

const UNITS = fileURLToPath(new URL('../../systemd', import.meta.url));
const unit = readFileSync(join(UNITS, 'teredo@.service'), 'utf8');
const nobody = findAccount('nobody')!;

describeWith(['systemd-analyze'], 'The systemd units', () => {
  const network = new Network();
  afterAll(() => network.close());

  /** The unit as one instance, as an administrator has it in /etc/systemd/system. */
  function install(instance: string): string {
    const folder = join(network.directory, instance);
    mkdirSync(folder);
    const path = join(folder, `teredo@${instance}.service`);
    writeFileSync(path, unit.replace('ExecStart=teredo', `ExecStart=${PROGRAM}`));
    const dropIn = `teredo@${instance}.service.d`;
    if (instance === 'server') cpSync(join(UNITS, dropIn), join(folder, dropIn), { recursive: true });
    return path;
  }

  for (const instance of ['client', 'server', 'relay', 'host-relay']) {
    test(`teredo@${instance}: exposure of 2.0 at most, and no word that systemd does not know`, () => {
      const path = install(instance);
      const analyze = (...argv: string[]) => spawnSync('systemd-analyze', [...argv, path], { encoding: 'utf8' });
      const security = analyze('security', '--offline=true', '--threshold=20');
      const level = /Overall exposure level.*: ([\d.]+)/.exec(security.stdout)?.[1];
      process.stderr.write(`teredo@${instance}: exposure ${level}\n`);
      expect(security.status, security.stdout + security.stderr).toBe(0);
      expect(Number(level)).toBeLessThanOrEqual(2);
      const verified = analyze('verify');
      expect(verified.stderr).not.toMatch(/Unknown|Failed to parse|Invalid|not executable/);
    });
  }

  test('sysusers.d and tmpfiles.d are understood', () => {
    const root = join(network.directory, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    const run = (program: string, folder: string) =>
      spawnSync(
        program,
        [`--root=${root}`, '--create', join(UNITS, folder, 'teredo.conf')].filter((word) => {
          return program !== 'systemd-sysusers' || word !== '--create';
        }),
        { encoding: 'utf8' },
      );
    const users = run('systemd-sysusers', 'sysusers.d');
    expect(users.status, users.stderr).toBe(0);
    expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toMatch(/^teredo:/m);
    const files = run('systemd-tmpfiles', 'tmpfiles.d');
    expect(files.stderr).not.toMatch(/Failed to parse|Unknown|Invalid/);
  });
});

describeWith([...laboratory, 'code that everybody may read'], 'A daemon with the rights of its unit', () => {
  const network = new Network();
  let client: Namespace;
  let systemd: NotifySocket;
  let address: string;
  let told: string[];

  beforeAll(async () => {
    const internet = await Internet.create(network);
    const server = await internet.host('server', {
      ipv4: ['192.0.2.1', '192.0.2.2'],
      ipv6: ['2001:db8:5::1'],
      forwards: true,
    });
    client = await internet.hostBehindNat('client', '198.51.100.1', 'masquerade');
    const started = server.start([...restricted('net_raw'), 'server', '--address', '192.0.2.1', '--json'], 'server');
    await started.printed(/"type":"ready"/);
    expect(rights(started)).toEqual([1n << 13n]);
    address = join(network.directory, 'notify');
    systemd = new NotifySocket(address);
    chmodSync(address, 0o777);
    told = [];
  });
  afterEach(async () => {
    await Promise.all(network.processes.filter(({ title }) => title.startsWith('teredo')).map((one) => one.stop()));
    told = [];
    systemd.take();
  });
  afterAll(async () => {
    systemd?.close();
    rmSync(address, { force: true });
    await network.close();
  });

  function heard(): string[] {
    told.push(...systemd.take());
    return told;
  }

  test('it qualifies, is told of as ready, alive and stopping', async () => {
    const process = client.start(
      [
        'env',
        `NOTIFY_SOCKET=${address}`,
        'WATCHDOG_USEC=900000',
        ...restricted('net_admin'),
        'client',
        '192.0.2.1',
        '--json',
      ],
      'teredo client',
    );
    await process.printed(/"type":"qualified"/);
    expect(rights(process)).toEqual([1n << 12n]);
    await until('the watchdog', () => heard().filter((text) => text === 'WATCHDOG=1').length >= 3);
    expect(told[0]).toBe(`READY=1\nMAINPID=${process.pid}`);
    expect(told.filter((text) => text.startsWith('READY'))).toHaveLength(1);
    expect(told.find((text) => text.startsWith('STATUS=qualified'))).toMatch(
      /^STATUS=qualified, address 2001:0:c000:201:/,
    );

    // sd_notify(3): between these two systemd calls it reloading; the instant is that of CLOCK_MONOTONIC.
    const before = globalThis.process.hrtime.bigint() / 1_000n;
    globalThis.process.kill(process.pid, 'SIGHUP');
    await until('the end of the reload', () => heard().filter((text) => text.startsWith('READY')).length === 2);
    const reload = told.findIndex((text) => text.startsWith('RELOADING=1'));
    const instant = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(told[reload]!)?.[1];
    expect(BigInt(instant!)).toBeGreaterThanOrEqual(before);
    expect(BigInt(instant!)).toBeLessThanOrEqual(globalThis.process.hrtime.bigint() / 1_000n);
    expect(told.indexOf('READY=1')).toBeGreaterThan(reload);
    expect(process.output).toContain('"code":"TD-RELOAD-REFUSED"');

    expect(await process.stop(), process.output).toBe('exit status 0');
    expect(heard().at(-1)).toBe('STOPPING=1\nSTATUS=stopping');
  });

  for (const [thread, hang] of [
    [
      'main thread',
      `if (isMainThread) process.once('SIGUSR2', () => { const end = Date.now() + 3_000; while (Date.now() < end); });`,
    ],
    [
      'data-path thread',
      `const hung = new Int32Array(getEnvironmentData('hung') ?? new SharedArrayBuffer(4));
       if (isMainThread) {
         setEnvironmentData('hung', hung.buffer);
         process.once('SIGUSR2', () => { hung[0] = 1; });
       } else {
         const post = MessagePort.prototype.postMessage;
         MessagePort.prototype.postMessage = function (message) {
           if (hung[0] === 1) Atomics.wait(hung, 0, 1, 3_000);
           post.call(this, message);
         };
       }`,
    ],
  ] as const) {
    test(`the ${thread} hangs: the watchdog is not fed`, async () => {
      const source = `import { getEnvironmentData, isMainThread, MessagePort, setEnvironmentData } from 'node:worker_threads';
        process.env.NOTIFY_SOCKET = ${JSON.stringify(address)};
        process.env.WATCHDOG_USEC = '900000';
        ${hang}`;
      const process = startTeredo(client, ['client', '192.0.2.1', '--json'], source);
      await process.printed(/"type":"qualified"/);
      await until('the watchdog', () => heard().includes('WATCHDOG=1'));
      globalThis.process.kill(process.pid, 'SIGUSR2');
      // What was on its way when it began to hang.
      await delay(400);
      systemd.take();
      await delay(1_500);
      expect(systemd.take().filter((text) => text === 'WATCHDOG=1')).toEqual([]);
    });
  }
});

/** The words that start our program with one capability and no way to another, as the units do. */
function restricted(capability: string): string[] {
  const only = `-all,+${capability}`;
  const sets = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=${only}`);
  const user = [`--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, '--clear-groups', '--no-new-privs'];
  return ['setpriv', ...user, ...sets, process.execPath, PROGRAM];
}

/** The capabilities of all threads, each once. */
function rights({ pid }: Process): bigint[] {
  const threads = threadsOf(String(pid));
  expect(
    threads.every(({ noNewPrivileges, uids }) => noNewPrivileges === true && uids.every((uid) => uid === nobody.uid)),
  ).toBe(true);
  return [...new Set(threads.map(({ permitted }) => permitted))];
}
