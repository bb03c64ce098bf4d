import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

function teredo(...argv: readonly string[]) {
  return runToEnd([process.execPath, PROGRAM, ...argv]);
}

function file(text: string, name = 'teredo.toml', mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

test('check: a file that is right', async () => {
  const path = file('role = "client"\n[web]\nlisten = "127.0.0.1:8080"\n');
  const { status, stdout } = await teredo('config', 'check', path);
  expect(stdout).toContain(`${path}: right, for a client\n`);
  expect(status).toBe(0);
  const json = await teredo('config', 'check', path, '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ type: 'check', role: 'client', remarks: [] });
});

test('check: everything that is wrong at once, status 2; values that do not fit together too', async () => {
  const wrong = await teredo('config', 'check', file('role = "client"\n[client]\nport = 99999\nprot = 1\n'));
  expect(wrong.stderr).toContain('2 problems');
  expect(wrong.stderr).toContain('  line 4: client.prot: no such key\n    did you mean client.port?\n');
  expect(wrong.stderr).toContain('code: TD-CONFIG');
  expect(wrong.status).toBe(2);
  const odd = await teredo('config', 'check', file('role = "server"\n[hooks]\nup = "/nowhere/up"\n'));
  expect(odd.stderr).toContain('hooks.up /nowhere/up: no such file or directory');
  expect(odd.status).toBe(2);
});

test('check: the list of what is wrong fits 80 columns', async () => {
  const long = 'a-name-that-somebody-thought-long-enough-to-be-one';
  const path = file(
    `role = "clint"\n[client]\nservers = ["${long} ${long}"]\nwithout = ["hairpinnin"]\n[hooks]\nup = []\n${long} = 1\n`,
  );
  const { stderr, status } = await teredo('config', 'check', path);
  expect(stderr).toContain('5 problems');
  expect(stderr).toContain('    say "all", "none" or some of symmetric-nat');
  expect(stderr.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(status).toBe(2);
});

test('check: a hook is a path, or a list of a path and its arguments', async () => {
  const path = file('role = "client"\n[hooks]\nup = "/bin/true"\ndown = ["/bin/true", "--zone", "a b"]\n');
  const right = await teredo('config', 'check', path);
  expect(right.stderr).toBe('');
  expect(right.status).toBe(0);
  const { stdout } = await teredo('config', 'show', path);
  expect(stdout).toMatch(/^down = \["\/bin\/true", "--zone", "a b"\] /m);
  const missing = await teredo('config', 'check', file('role = "client"\n[hooks]\nup = ["/nowhere/x", "y"]\n'));
  expect(missing.stderr).toContain('hooks.up ["/nowhere/x", "y"]: no such file or directory');
  const bare = await teredo('config', 'check', file('role = "client"\n[hooks]\nup = ["x", "/y"]\n'));
  expect(bare.stderr).toContain('line 3: hooks.up x: not a whole path');
});

test('check: a file for no role, one that others may change, and none', async () => {
  expect((await teredo('config', 'check', file('[client]\n'))).stderr).toContain('role: nobody says what to run');
  const open = file('role = "client"\n', 'open.toml', 0o644);
  await runToEnd(['chmod', '666', open]);
  const refused = await teredo('config', 'check', open);
  expect(refused.stderr).toContain(`next: chmod go-w ${open}`);
  expect(refused.status).toBe(2);
  expect((await teredo('config', 'check', join(folder, 'none'))).stderr).toContain('no such file or directory');
});

test('check: an address that is not here, an interface that is no tunnel (status 3), a port that is taken (1)', async () => {
  const away = file('role = "server"\n[server]\nipv4 = "198.51.100.77"\n[interface]\nname = "lo"\n');
  const { stdout, status } = await teredo('config', 'check', away);
  expect(stdout).toContain('right, for a server, and cannot run on this host');
  for (const address of ['198.51.100.77', '198.51.100.78'])
    expect(stdout).toContain(`${address} is no address of this host`);
  expect(stdout).toContain('the interface lo is there already, and it is no TUN interface');
  expect(status).toBe(3);

  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const taken = await teredo('config', 'check', file(`role = "relay"\n[relay]\nipv4 = "127.0.0.1"\nport = ${port}\n`));
  socket.close();
  expect(taken.stdout).toContain(`UDP port ${port} of 127.0.0.1 is taken`);
  expect(taken.status).toBe(1);
});

test('check: a user and a group that are not there are told together', async () => {
  const named = '[privileges]\nuser = "no-such-user"\n[control]\ngroup = "no-such-group"\n';
  const { stdout, status } = await teredo('config', 'check', file(`role = "client"\n${named}`));
  expect(stdout).toContain('there is no user no-such-user on this host');
  expect(stdout).toContain('there is no group "no-such-group"');
  expect(status).toBe(3);
});

test('show: a file that says the same, every value with its source; most lines fit 80 columns', async () => {
  const path = file('role = "relay"\n[relay]\nport = 4000\n');
  const { stdout, status } = await teredo('config', 'show', path);
  expect(status).toBe(0);
  expect(stdout).toContain(`# ${path}\n# 2 of `);
  expect(stdout).toMatch(/^port = 4000 +# line 3$/m);
  expect(stdout).toMatch(/^refresh_interval = 30 +# s, default$/m);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const again = await teredo('config', 'show', file(stdout, 'again.toml'), '--json');
  const { values } = JSON.parse(again.stdout) as { values: { key: string; value: unknown }[] };
  expect(values.find(({ key }) => key === 'relay.port')).toMatchObject({ value: 4000, source: 'file' });
});

test('a file for another role than the command is refused; flags go before it', async () => {
  const path = file('role = "server"\n[server]\nipv4 = "192.0.2.1"\n');
  const other = await teredo('client', '--config', path);
  expect(other.stderr).toContain('line 1: role server: this command is "teredo client"');
  expect(other.status).toBe(2);
  const flag = await teredo('server', '--config', path, '--address2', '192.0.2.1');
  expect(flag.stderr).toContain('--address2 192.0.2.1: is the first address again');
});

test('import: ours on standard output, notes on standard error; a hook beside it is taken over', async () => {
  file('#!/bin/sh\n', 'client-hook', 0o755);
  const { stdout, stderr, status } = await teredo(
    'config',
    'import',
    file('ServerAddress 192.0.2.1\nBindAddress 192.0.2.7\n', 'miredo.conf'),
  );
  expect(stdout).toContain(`client_hook = "${join(folder, 'client-hook')}"`);
  expect(stderr).toContain('note: BindAddress: a client uses every address');
  expect(status).toBe(0);
  expect((await teredo('config', 'check', file(stdout, 'imported.toml'))).status).toBe(0);
  const bad = await teredo('config', 'import', file('BindPort 99999\n', 'miredo.conf'));
  expect(bad.stderr).toContain('miredo.conf, line 1: BindPort 99999: not in range');
  expect(bad.status).toBe(2);
});

test('export and schema print what the documents hold', async () => {
  const { stdout } = await teredo('config', 'export', '--netsh', file('role = "relay"\n'));
  expect(stdout).toContain('netsh interface teredo set state type=relay\n');
  const schema = await teredo('config', 'schema');
  expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'teredo.toml' });
});
