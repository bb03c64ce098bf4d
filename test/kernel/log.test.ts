import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ENTRIES_MAX } from '../../src/cli/log/line-limits.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';

/** For 3 s, packets to a thousand Teredo clients a second that nobody is. */
const FLOOD = `
  import { createSocket } from 'node:dgram';
  const socket = createSocket('udp6');
  socket.on('error', () => {});
  let port = 0;
  const timer = setInterval(() => {
    for (let count = 0; count < 50; count++) {
      port = (port + 1) % 60_000;
      socket.send('x', 9, '2001:0:c000:202:0:' + (port ^ 0xffff).toString(16) + ':3fff:fdfc', () => {});
    }
  }, 50);
  setTimeout(() => { clearInterval(timer); socket.close(); }, 3_000);`;

describeWith(laboratory, 'The log of a process', () => {
  const network = new Network();
  const socket = join(network.directory, 'teredo', 'log.sock');
  let host: Namespace;

  beforeAll(async () => {
    host = await network.add('host');
    const other = await network.add('other');
    await network.cable(host, 'wan', other, 'wan');
    await host.ip('address add 192.0.2.1/24 dev wan', 'address add 2001:db8::1/64 dev wan');
  });
  afterEach(() => Promise.all(network.processes.map((process) => process.stop())));
  afterAll(() => network.close());

  /** The end of a relay that was flooded with packets for peers that do not answer. */
  async function flooded(...options: readonly string[]): Promise<string> {
    const file = join(network.directory, 'relay.toml');
    writeFileSync(file, '[limits]\nnew_peers_per_second = 2000\nbubbles_per_second = 100000\n', { mode: 0o644 });
    const relay = startTeredo(host, ['host-relay', '--config', file, '--no-control', ...options]);
    await relay.printed(/leads into teredo|"type":"ready"/);
    await host.run([globalThis.process.execPath, '--input-type=module', '-e', FLOOD]);
    // Three bubbles for each, two seconds after one another, and nobody answers.
    await until('the first of them', () => unreachable(relay.output) === ENTRIES_MAX);
    await delay(4_000);
    expect(await relay.stop()).toBe('exit status 0');
    return relay.output;
  }

  test('a flood of unreachable peers: so many lines a minute, then how many were left out; as text', async () => {
    const output = await flooded();
    expect(unreachable(output)).toBe(ENTRIES_MAX);
    expect(Number(/(\d+) more of "peer-unreachable \(no answer.*are left out/.exec(output)![1])).toBeGreaterThan(1_000);
    expect(output.split('\n').length).toBeLessThan(ENTRIES_MAX + 20);
  });

  test('likewise as lines of pino', async () => {
    const output = await flooded('--log-format', 'json');
    expect(unreachable(output)).toBe(ENTRIES_MAX);
    const lines = objects(output);
    expect(lines.every(({ level, time, pid, msg }) => Boolean(level && time && pid && msg))).toBe(true);
    expect(lines.find(({ type }) => type === 'ready')).toMatchObject({ level: 30, role: 'host-relay' });
    const leftOut = lines.find(({ type }) => type === 'left-out');
    expect(leftOut).toMatchObject({ level: 40, kind: expect.stringContaining('peer-unreachable') });
    expect(leftOut!.count).toBeGreaterThan(1_000);
  });

  test('likewise as events, of which changes of state are never left out', async () => {
    const output = await flooded('--json');
    expect(unreachable(output)).toBe(ENTRIES_MAX);
    const events = objects(output);
    expect(events.find(({ type }) => type === 'left-out')!.count).toBeGreaterThan(1_000);
    expect(events.find(({ type }) => type === 'stopped')).toMatchObject({ schemaVersion: 1 });
  });

  test('levels: by a flag, by "teredo set", by SIGHUP; what is set goes before what is read', async () => {
    const file = join(network.directory, 'log.toml');
    const level = (name: string) => writeFileSync(file, `[log]\nlevel = "${name}"\n`, { mode: 0o644 });
    level('warn');
    const client = startTeredo(host, ['client', '192.0.2.2', '--config', file, '--control-socket', socket]);
    await until('the socket', async () => (await ask('status')).stdout.startsWith('Client'));
    expect(client.output).not.toContain('client: asking');
    expect((await ask('set', 'log-level', 'info')).stdout).toBe('set: in force at once\n');
    await client.printed(/client: asking/);
    expect((await ask('set', 'log-level', 'loud')).stderr).toMatch(/log-level loud: there is no such level/);
    await ask('set', 'log-level', 'default');
    await hangUp(client, () => level('info'), /configuration read again: 1 change\n.*now: log\.level = info/);
    const before = client.output.length;
    level('error');
    process.kill(client.pid, 'SIGHUP');
    await until('it is read', async () => (await ask('bugreport')).stdout.includes('now: log.level = error'));
    await ask('reset');
    await until('another question', async () => (await ask('bugreport')).stdout.split('client: asking').length > 3);
    expect(await client.stop()).toBe('exit status 0');
    expect(client.output.slice(before)).not.toMatch(/client: (asking|stopped)/);
  });

  test('a client for which there is no name yet is told to say more', async () => {
    const client = startTeredo(host, [
      'client',
      'teredo.invalid',
      '--log-level',
      'error',
      '--log-format',
      'json',
      '--control-socket',
      socket,
    ]);
    await until('the socket', async () => (await ask('status')).stdout.startsWith('Client'));
    expect(client.output).toBe('');
    expect((await ask('set', 'log-level', 'warn')).stdout).toBe('set: in force at once\n');
    await client.printed(/"level":40.*"type":"warning".*cannot find the server teredo\.invalid/);
    expect(await client.stop()).toBe('exit status 0');
  });

  test('the reason of an end is the last line of pino, and weighs most', async () => {
    await host.ip('link add card type veth peer name drac');
    const client = startTeredo(host, ['client', '192.0.2.2', '--interface', 'card', '--log-format', 'json']);
    await until('the end', () => !client.running);
    await host.ip('link delete card');
    expect(client.ending).toBe('exit status 3');
    expect(objects(client.output).at(-1)).toMatchObject({ level: 60, type: 'error', code: 'TD-TUN-NAME' });
  });

  function ask(...argv: readonly string[]) {
    return host.runToEnd([process.execPath, PROGRAM, ...argv, '--socket', socket]);
  }

  async function hangUp(client: Process, change: () => void, told: RegExp): Promise<void> {
    change();
    process.kill(client.pid, 'SIGHUP');
    await client.printed(told);
  }
});

function unreachable(output: string): number {
  return output.split('\n').filter((line) => /"type":"peer-unreachable"|is not reachable: no answer/.test(line)).length;
}

function objects(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
