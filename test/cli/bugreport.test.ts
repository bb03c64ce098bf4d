import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runToEnd } from '../../src/lab/kernel/commands.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const NAMED = ['TEREDO_CLIENT_SERVERS=198.51.100.7', 'TEREDO_CLIENT_IDENTIFIER=alice', 'TEREDO_CLIENT_SECRET_FILE=/x'];

function bugreport(environment: readonly string[], ...argv: readonly string[]) {
  const socket = join(folder, 'none.sock');
  return runToEnd(['env', ...environment, process.execPath, PROGRAM, 'bugreport', '--socket', socket, ...argv]);
}

test('without a process: why, what is configured and how the host stands; no secret, no address; status 1', async () => {
  const { status, stdout, stderr } = await bugreport(NAMED);
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(/^=== teredo bug report\ntime {7}\S+\nteredo {5}\d\S*, Node v/);
  expect(stdout).toMatch(
    /=== status\nNo process answers: no teredo answers at .*none\.sock: it is not there \(TD-NOT-/,
  );
  expect(stdout).toContain('client.servers = ["ipv4-1"]  # TEREDO_CLIENT_SERVERS');
  expect(stdout).toContain('client.identifier = "(left out)"');
  expect(stdout).toContain('client.secret_file = "/x"');
  expect(stdout).not.toMatch(/alice|198\.51\.100\.7/);
  expect(stdout).toMatch(/=== settings\nnet\.ipv6\.conf\.all\.forwarding = \S/);
  expect(stdout).toMatch(/=== ip address\n/);
  expect((await bugreport(NAMED, '--full')).stdout).toContain('198.51.100.7');
});

test('as JSON: the same keys for the host as with a process, and no status', async () => {
  const report = JSON.parse((await bugreport([], '--json')).stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ schemaVersion: 1, status: null, obstacle: { code: 'TD-NOT-REACHABLE' } });
  for (const key of ['time', 'kernel', 'ip', 'settings', 'configuration', 'sockets', 'journal', 'tun']) {
    expect(report, key).toHaveProperty(key);
  }
});

test('a configuration that cannot be used is the finding itself', async () => {
  const { stdout } = await bugreport(['TEREDO_CLIENT_PORT=99999']);
  expect(stdout).toMatch(/wrong: .*TEREDO_CLIENT_PORT: not a UDP port/);
});

test('somebody listens but does not answer: that is told, with all the rest', async () => {
  const path = join(folder, 'deaf.sock');
  const deaf = createServer(() => {}).listen(path);
  const { status, stdout } = await runToEnd([process.execPath, PROGRAM, 'bugreport', '--socket', path]);
  deaf.close();
  expect(status).toBe(1);
  expect(stdout).toMatch(/No process answers: no teredo answers at .*deaf\.sock: no answer/);
}, 30_000);
