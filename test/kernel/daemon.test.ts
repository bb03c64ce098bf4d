import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';

const READY = /"type":"ready"/;

describeWith(laboratory, 'The process around a role', () => {
  const network = new Network();
  let host: Namespace;
  let before: string;

  beforeAll(async () => {
    host = await network.add('host');
    const other = await network.add('other');
    await network.cable(host, 'wan', other, 'wan');
    await host.ip('address add 192.0.2.1/24 dev wan', 'address add 2001:db8::1/64 dev wan');
    await host.sysctl({ 'net.ipv6.conf.all.forwarding': 1 });
    before = await host.snapshot();
  });
  // One that failed leaves nothing to those that follow.
  afterEach(() => Promise.all(network.processes.map((process) => process.stop())));
  afterAll(() => network.close());

  async function relay(...options: readonly string[]): Promise<Process> {
    const process = startTeredo(host, ['relay', '--json', ...options]);
    await process.printed(READY);
    return process;
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal}: exit status 0, and the host is as before`, async () => {
      const process = await relay();
      expect(await host.run(['ip', '-6', 'route', 'show', 'dev', 'teredo'])).toMatch(/^2001::\/32 .*metric 1024/m);
      expect(await process.stop(signal), process.output).toBe('exit status 0');
      expect(process.output).toMatch(/"type":"stopped"/);
      expect(await host.snapshot()).toBe(before);
    });
  }

  test('SIGHUP without a file: a service goes on and says why; from a terminal that goes away it ends', async () => {
    const service = await relay();
    process.kill(service.pid, 'SIGHUP');
    await service.printed(
      /"code":"TD-RELOAD-REFUSED","message":"SIGHUP reads a configuration again, and this has none"/,
    );
    expect(await service.stop('SIGTERM'), service.output).toBe('exit status 0');

    const command = `${process.execPath} ${PROGRAM} relay --json`;
    const terminal = host.start(['script', '-qefc', `echo "pid $$"; exec ${command}`, '/dev/null'], 'script');
    await terminal.printed(READY);
    process.kill(Number(/pid (\d+)/.exec(terminal.output)![1]), 'SIGHUP');
    await terminal.printed(/"type":"stopped"/);
    await until('the host as before', async () => (await host.snapshot()) === before);
  });

  test('its log goes into a pipe that nobody reads any more: it goes on, as daemons do, and ends in order', async () => {
    const shell = `sh -c 'echo pid $$; exec "$@"' sh "$@" | head -2`;
    const program = [globalThis.process.execPath, PROGRAM, 'relay', '--json'];
    const pipe = host.start(['sh', '-c', shell, 'sh', ...program], 'relay | head -2');
    await pipe.printed(/pid \d+\n.+\n/);
    const pid = Number(/pid (\d+)/.exec(pipe.output)![1]);
    await until('the tunnel', async () => /^2001::\/32/m.test(await host.run(['ip', '-6', 'route'])));
    // Each of these is a line that cannot be written.
    for (let count = 0; count < 3; count++) {
      globalThis.process.kill(pid, 'SIGHUP');
      await delay(200);
    }
    const status = await host.run([globalThis.process.execPath, PROGRAM, 'status', '--json']);
    expect(JSON.parse(status)).toMatchObject({ process: { pid } });
    globalThis.process.kill(pid, 'SIGTERM');
    await until('the end of the pipe', () => !pipe.running);
    expect(pipe.output.trim().split('\n')).toHaveLength(2);
    expect(await host.snapshot()).toBe(before);
  });

  test('a signal while it starts: no trace either', async () => {
    for (const pause of [0, 60, 90, 120, 150]) {
      const process = startTeredo(host, ['relay', '--json']);
      await delay(pause);
      await process.stop('SIGTERM');
      expect(process.output).not.toMatch(/"type":"error"/);
      expect(await host.snapshot()).toBe(before);
    }
  });

  test('a signal while parts of the program are still being loaded is not lost', async () => {
    // As from a slow disk.
    const slowly = `import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(\`import { writeSync } from 'node:fs';
      export async function resolve(name, context, next) {
        if (name !== 'koffi') return next(name, context);
        writeSync(2, 'loading\\\\n');
        await new Promise((go) => setTimeout(go, 2_000));
        return next(name, context);
      }\`));`;
    const process = startTeredo(host, ['relay', '--json', '--no-control'], slowly);
    await process.printed(/loading/);
    await delay(1_000);
    expect(await process.stop('SIGTERM'), process.output).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });

  test('an uncaught exception: exit status 3 with the reason, and the host is as before', async () => {
    const boom = `
      import { isMainThread } from 'node:worker_threads';
      if (isMainThread) process.once('SIGUSR2', () => { throw new Error('boom'); });`;
    const process = startTeredo(host, ['relay', '--json'], boom);
    await process.printed(READY);
    expect(await process.stop('SIGUSR2')).toBe('exit status 3');
    expect(process.output).toMatch(/"code":"TD-INTERNAL","message":"Error: boom/);
    expect(await host.snapshot()).toBe(before);
  });

  test('a crash of the data-path thread: exit status 3 with the reason, and the host is as before', async () => {
    const boom = `
      import { isMainThread, MessagePort } from 'node:worker_threads';
      const post = MessagePort.prototype.postMessage;
      if (!isMainThread) MessagePort.prototype.postMessage = function (message) {
        if (message.type === 'event') throw new Error('boom');
        post.call(this, message);
      };`;
    const process = startTeredo(host, ['client', '192.0.2.2', '--json'], boom);
    await until('the end of the process', () => !process.running);
    expect(process.ending).toBe('exit status 3');
    expect(process.output).toMatch(/"code":"TD-INTERNAL","message":"Error: boom/);
    expect(await host.snapshot()).toBe(before);
  });

  test('somebody deletes the interface: it says so and ends with status 3', async () => {
    const process = await relay();
    await host.ip('link delete teredo');
    await until('the end of the process', () => !process.running);
    expect(process.ending).toBe('exit status 3');
    expect(process.output).toMatch(/TD-TUN-GONE.*interface teredo was deleted/);
    expect(await host.snapshot()).toBe(before);
  });

  test('a second instance is told who is in its way, and the first goes on', async () => {
    const first = await relay('--port', '4000');
    const again = startTeredo(host, ['relay']);
    await again.printed(new RegExp(`teredo runs already: process ${first.pid} holds`));
    const busy = startTeredo(host, ['relay', '--no-control']);
    await busy.printed(new RegExp(`--interface teredo: .*\\(EBUSY\\): process ${first.pid} \\(teredo\\) holds it`));
    const taken = startTeredo(host, ['relay', '--interface', 'second', '--port', '4000']);
    await taken.printed(
      new RegExp(`UDP port 4000 is taken \\(EADDRINUSE\\), process ${first.pid} \\(teredo\\) has it`),
    );
    await until('the end of the three', () => !again.running && !busy.running && !taken.running);
    expect([again, busy, taken].map(({ ending }) => ending)).toEqual(Array(3).fill('exit status 3'));
    expect(first.running).toBe(true);
    expect(await first.stop()).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });

  test('a route that another interface has: which, who has it, and what to do', async () => {
    const first = await relay('--port', '4000');
    const second = startTeredo(host, ['relay', '--interface', 'second', '--json']);
    await until('the end of the process', () => !second.running);
    expect(second.output).toMatch(
      /"TD-ROUTE-TAKEN","message":"the route 2001::\/32 metric 1024, which second needs, leads into teredo already, where/,
    );
    expect(second.output).toContain('ip -6 route delete 2001::/32 metric 1024 dev teredo');
    expect(second.ending).toBe('exit status 3');
    await first.stop();

    await host.ip('route add ::/0 dev wan metric 1029');
    const client = startTeredo(host, ['client', '192.0.2.2', '--even-with-ipv6', '--json']);
    await until('the end of the process', () => !client.running);
    expect(client.output).toMatch(
      /"TD-ROUTE-TAKEN","message":"the route default metric 1029, .* leads into wan already"/,
    );
    // Nobody was asked in vain.
    expect(client.output).not.toContain('"starting"');
    await host.ip('route delete ::/0 dev wan metric 1029');
    expect(await host.snapshot()).toBe(before);
  });

  test('somebody sets the interface down or takes its route: it is put back, and said; but not without end', async () => {
    const process = await relay();
    await host.ip('link set teredo down');
    await process.printed(
      /"TD-INTERFACE-CHANGED","message":"interface teredo was changed from outside; put back: link set/,
    );
    expect(await host.run(['ip', '-6', 'route', 'show', 'dev', 'teredo'])).toMatch(/^2001::\/32 .*metric 1024/m);
    await host.ip('route delete 2001::/32 dev teredo');
    await process.printed(/put back: route add 2001::\/32/);
    expect(await host.run(['ip', '-6', 'route', 'show', 'dev', 'teredo'])).toMatch(/^2001::\/32 .*metric 1024/m);
    await host.ip('link set teredo mtu 1400');
    for (let time = 0; time < 4; time++) {
      await host.ip('link set teredo down');
      await delay(700);
    }
    await process.printed(/TD-INTERFACE-CONTESTED/);
    expect(process.output.match(/TD-INTERFACE-CHANGED/g)).toHaveLength(5);
    expect(await process.stop()).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });

  test('an interface that is not ours stays as it is, whatever its name is given for', async () => {
    await host.ip(
      'link add card type veth peer name drac',
      'link set drac addrgenmode none up',
      'link set card addrgenmode none up',
      'route add 2001:db8:5::/48 dev card',
    );
    const untouched = await host.snapshot();
    for (const name of ['card', 'lo']) {
      const client = startTeredo(host, ['client', '192.0.2.2', '--interface', name]);
      await until('the end of the process', () => !client.running);
      expect(client.output).toMatch(/TD-TUN-NAME/);
      expect(client.ending).toBe('exit status 3');
      expect(await host.snapshot()).toBe(untouched);
    }
    const first = await relay('--port', '4000');
    const running = await host.snapshot();
    const second = startTeredo(host, ['relay', '--no-control']);
    await until('the end of the process', () => !second.running);
    expect(second.output).toMatch(/TD-TUN-BUSY/);
    expect(await host.snapshot()).toBe(running);
    await first.stop();
    await host.ip('link delete card');
    expect(await host.snapshot()).toBe(before);
  });

  test('a TUN interface that an administrator made is given back as it was', async () => {
    await host.ip('tuntap add mode tun name own', 'link set own mtu 1400 txqueuelen 77 addrgenmode none up');
    await host.ip('address add fd00::1/64 dev own', 'route add fd01::/48 dev own metric 3');
    const asMade = await stateOf('own');
    for (const command of [['relay'], ['client', '192.0.2.2']]) {
      const process = startTeredo(host, [...command, '--json', '--interface', 'own']);
      await process.printed(command[0] === 'relay' ? READY : /"type":"off-line"/);
      expect(await process.stop(), process.output).toBe('exit status 0');
      expect(await stateOf('own')).toEqual(asMade);
    }
    await host.ip('link set own down');
    const asLeft = await stateOf('own');
    expect(await (await relay('--interface', 'own')).stop()).toBe('exit status 0');
    expect(await stateOf('own')).toEqual(asLeft);
    await host.ip('tuntap delete mode tun name own');
    expect(await host.snapshot()).toBe(before);
  });

  /** Link, addresses and routes, without whether a process holds it just now. */
  async function stateOf(name: string): Promise<readonly string[]> {
    const link = await host.run(['ip', '-details', 'link', 'show', 'dev', name]);
    const setting = await host.run(['sysctl', '-a', '-r', `^net\\.ipv6\\.conf\\.${name}\\.(a|r|disable_ipv6)`]);
    return [
      link.replace(/NO-CARRIER,|,LOWER_UP|state \w+|vnet_hdr \w+|numtxqueues.*/g, ''),
      await host.run(['ip', '-6', 'address', 'show', 'dev', name]).then((text) => text.replace(/<.*>.*state \w+/, '')),
      await host.run(['ip', '-6', 'route', 'show', 'dev', name]).then((text) => text.replaceAll(' linkdown', '')),
      setting,
    ];
  }

  test('what a killed process left on an interface that outlives it is cleaned at the next start', async () => {
    await host.ip('tuntap add mode tun name teredo', 'link set teredo up');
    const persistent = await host.run(['ip', 'link']);
    const stale = '2001:0:cb00:7101:18a5:63be:3fff:fdd2';
    await host.ip(`address add ${stale}/32 dev teredo nodad`, 'route add 2001:1::/32 dev teredo protocol 35');
    const process = await relay();
    expect(await host.run(['ip', '-6', 'address'])).not.toContain(stale);
    expect(await host.run(['ip', '-6', 'route', 'show', 'protocol', '35'])).not.toContain('2001:1::/32');
    expect(await process.stop()).toBe('exit status 0');
    expect(await host.run(['ip', '-6', 'route', 'show', 'protocol', '35'])).toBe('');
    expect(persistent).toContain('teredo');
    await host.ip('tuntap delete mode tun name teredo');
    expect(await host.snapshot()).toBe(before);
  });

  test('where IPv6 is off by default, it is switched on for the own interface only', async () => {
    await host.sysctl({ 'net.ipv6.conf.default.disable_ipv6': 1 });
    const process = await relay();
    const settings = await host.run([
      'sysctl',
      '-n',
      'net.ipv6.conf.default.disable_ipv6',
      'net.ipv6.conf.teredo.disable_ipv6',
    ]);
    expect(settings).toBe('1\n0\n');
    expect(await process.stop()).toBe('exit status 0');
    await host.sysctl({ 'net.ipv6.conf.default.disable_ipv6': 0 });
    expect(await host.snapshot()).toBe(before);
  });

  test('a host that forwards nothing is told that its relay serves nobody', async () => {
    await host.sysctl({ 'net.ipv6.conf.all.forwarding': 0 });
    const process = startTeredo(host, ['relay']);
    await process.printed(/warning: .*does not forward IPv6.*\(TD-FORWARDING-OFF\)/);
    expect(await process.stop()).toBe('exit status 0');
    await host.sysctl({ 'net.ipv6.conf.all.forwarding': 1 });
  });

  test('a host without a route to the server says so, once', async () => {
    const process = startTeredo(host, ['client', '203.0.113.9']);
    await process.printed(/warning: this host has no route to 203\.0\.113\.9 \(TD-NO-ROUTE\)/);
    await process.printed(/attempt 2/);
    expect(process.output.match(/TD-NO-ROUTE/g)).toHaveLength(1);
    expect(await process.stop()).toBe('exit status 0');
  });

  test('a log that cannot be written is no reason to stop; what is lost is told when there is room', async () => {
    const full = `
      import fs from 'node:fs';
      import { isMainThread } from 'node:worker_threads';
      const write = fs.writeSync;
      let isFull = true;
      if (isMainThread) {
        process.stdout._write = (chunk, encoding, done) => {
          if (isFull) done(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 }));
          else { write(1, chunk); done(); }
        };
        process.once('SIGUSR2', () => { isFull = false; });
      }`;
    const process = startTeredo(host, ['client', '192.0.2.2'], full);
    await delay(1_500);
    expect(process.running).toBe(true);
    globalThis.process.kill(process.pid, 'SIGUSR2');
    await process.printed(/\d+ lines of this log are lost: no space left on device/);
    expect(await process.stop()).toBe('exit status 0');
    expect(process.output).not.toContain('    at ');
  });

  test('a name service that is away is no reason to give up', async () => {
    const process = startTeredo(host, ['client', 'teredo.invalid']);
    await process.printed(/cannot find the server teredo\.invalid \(E\w+\); next attempt in 1 s/);
    await process.printed(/next attempt in 2 s/);
    expect(await process.stop()).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });

  test('a server that is silent may have moved: its name is looked up again', async () => {
    const hosts = join(network.directory, 'hosts');
    writeFileSync(hosts, '192.0.2.2 server.example\n');
    // A file of hosts of its own, in a mount namespace that ends with the process.
    const inShell = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const command = [process.execPath, PROGRAM, 'client', 'server.example', '--json'];
    const client = host.start(['unshare', '--mount', 'sh', '-c', inShell, 'sh', hosts, ...command]);
    await client.printed(/"type":"starting","server":"192.0.2.2:3544"/);
    writeFileSync(hosts, '192.0.2.3 server.example\n');
    await client.printed(/"type":"off-line".*"primary server unreachable"/);
    await client.printed(/"type":"starting","server":"192.0.2.3:3544"/);
    expect(await client.stop()).toBe('exit status 0');
    expect(await host.snapshot()).toBe(before);
  });

  test('with nothing to do it does nothing, and it holds no more descriptors than it opened', async () => {
    const process = await relay();
    await delay(500);
    const [ticks, descriptors] = [cpuTicks(process), openDescriptors(process)];
    await delay(2_000);
    // A tick is 10 ms; a loop that spins would have 200.
    expect(cpuTicks(process) - ticks).toBeLessThan(5);
    await host.ip('address add 192.0.2.9/24 dev wan', 'address delete 192.0.2.9/24 dev wan');
    await delay(500);
    expect(openDescriptors(process)).toEqual(descriptors);
    expect(await process.stop()).toBe('exit status 0');
  });
});

/** User and system time of all threads, in ticks of 10 ms. */
function cpuTicks(process: Process): number {
  const fields = readFileSync(`/proc/${process.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function openDescriptors(process: Process): string[] {
  const folder = `/proc/${process.pid}/fd`;
  return readdirSync(folder)
    .map((fd) => readlinkSync(`${folder}/${fd}`).replace(/\d+/, 'N'))
    .sort();
}
