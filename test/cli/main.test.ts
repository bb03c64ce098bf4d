import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

test.each([
  [['relay', '--port', '99999'], '--port 99999: not a UDP port', 'choose a whole number from 1 to 65535'],
  [['relay', '--port', '0'], '--port 0: not a UDP port', 'choose a whole number from 1 to 65535'],
  [['relay', '--address', '1.2.3'], '--address 1.2.3: not an IPv4 address', 'for instance 192.0.2.1'],
  [['relay', '--address', '224.0.0.1'], '--address 224.0.0.1: not the address of a host', 'unicast address'],
  [['relay', '--interface', 'far-too-long-a-name'], '--interface far-too-long-a-name: not a name', '1 to 15 letters'],
  [['relay', '--interface', '../x'], '--interface ../x: not a name', '1 to 15 letters'],
  [['server', '--address', '192.0.2.1', '--address2', '192.0.2.1'], '--address2', 'another address'],
  [
    ['server', '--address', '192.0.2.1', '--advertisements-per-second', '0'],
    '--advertisements-per-second 0: not a number of answers in a second',
    'from 1 to 10000000',
  ],
  [['server', '--address', '192.0.2.1', '--mtu', '1279'], '--mtu 1279: not an MTU', 'from 1280 to 65535'],
  [
    ['server', '--address', '192.0.2.1', '--secret-file', '/nowhere'],
    '--secret-file /nowhere: no such file or directory',
    'readable',
  ],
  [['client', '192.0.2.1:3544'], 'SERVER 192.0.2.1:3544: Teredo servers have', 'leave'],
  [['client', '300.1.1.1'], 'SERVER 300.1.1.1: neither a host name nor an IPv4 address', 'for instance'],
  [['client', '192.0.2.1', '--refresh-interval', '1'], '--refresh-interval 1: not', 'from 5 to 600'],
  [['client', '192.0.2.1', '--secret', 'x'], '--identifier: is missing', 'add --identifier'],
  [['server', '--address', '192.0.2.1', '--address2', '192.0.2.1'], '--address2 192.0.2.1: is the first', 'another'],
  [['server', '--address', '192.0.2.1', '--secret-file', '/'], '--secret-file /: is not a file', 'readable'],
  [
    ['server', '--address', '192.0.2.1', '--secret-file', '/dev/null'],
    '--secret-file /dev/null: is not a file',
    'name',
  ],
  [['server', '--address', '192.0.2.1', '--allow-anonymous'], '--allow-anonymous: without secrets', '--secret-file'],
  [['lab', 'run', '--seed', '-1'], '--seed -1: not a seed', 'from 0 to 4294967295'],
  [['lab', 'run', '--pcapng', '-'], '--pcapng -: standard output has the story', 'name a file'],
  [['encode', 'rs', '--server', '203.0.113.1', '--mapped', '1.2.3.4:5'], '--server: means nothing for rs', '--cone'],
  [['relay', '--prot', '1'], "unknown option '--prot'", 'bin/teredo relay --help"'],
  [['server'], 'server.ipv4: a server needs it', 'add --address ADDRESS, or server.ipv4'],
  [['clientt'], "unknown command 'clientt'", 'bin/teredo --help"'],
  [['relay', 'extra'], 'too many arguments', 'bin/teredo relay --help"'],
  [['decode', '\u001b[31mred\u202e'], "WHAT '\\x1b[31mred\\u202e': neither", 'bin/teredo decode --help"'],
  [['client', '192.0.2.1', '--identifier', 'hex:0'], '--identifier hex:...: not hex digits', 'hex:00ff17'],
])('%j: status 2, with flag, value, reason and fix', async (argv, reason, fix) => {
  const { status, stderr, stdout } = await teredo(...argv);
  expect(stderr).toContain(`teredo: ${reason}`);
  expect(stderr).toMatch(/ {2}code: TD-USAGE\n/);
  expect(stderr).toContain(fix);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('no command at all: the help, and status 2', async () => {
  const { status, stderr } = await teredo();
  expect(stderr).toContain('Usage: teredo');
  expect(status).toBe(2);
});

test('two secrets for one identifier: the line is named', async () => {
  const file = join(folder, 'secrets');
  writeFileSync(file, '# of the office\nanna one\nbert two\nanna three\n', { mode: 0o600 });
  const { status, stderr } = await teredo('server', '--address', '192.0.2.1', '--secret-file', file);
  expect(stderr).toContain(`--secret-file ${file}: line 4: a second secret for anna`);
  expect(status).toBe(2);
});

test('a full disk under the output: one line with a code, status 3', async () => {
  for (const command of ['lab run --no-pcapng', 'lab list', 'decode 2001::1', '--help']) {
    const shell = `exec "$0" "$1" ${command} > /dev/full`;
    const { status, stderr } = await runToEnd(['sh', '-c', shell, process.execPath, PROGRAM]);
    expect(stderr).toContain('teredo: cannot write to standard output: no space left on device\n  code: TD-OUTPUT');
    expect(stderr).not.toContain('    at ');
    expect(status).toBe(3);
  }
});

test('a reader that goes away is no failure', async () => {
  const shell = '{ "$0" "$1" lab run --no-pcapng; echo $? >&2; } | head -1';
  const { stderr } = await runToEnd(['sh', '-c', shell, process.execPath, PROGRAM]);
  expect(stderr).toBe('0\n');
});

test('a build that is not whole is told, with what to do', async () => {
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'dist/cli/main.js'), "import './gone.js';");
  copyFileSync(PROGRAM, join(folder, 'bin/teredo'));
  const { status, stderr } = await runToEnd([process.execPath, join(folder, 'bin/teredo')]);
  expect(stderr).toMatch(/teredo: not built whole: .*gone\.js.*\n {2}code: TD-NOT-BUILT\n {2}next: run "npm ci/);
  expect(status).toBe(3);
});

test('with --json an error is an object of one line', async () => {
  const { status, stdout } = await teredo('relay', '--port', '-1', '--json');
  expect(JSON.parse(stdout)).toEqual({
    schemaVersion: 1,
    type: 'error',
    code: 'TD-USAGE',
    message: '--port -1: not a UDP port',
    next: 'choose a whole number from 1 to 65535',
    problems: [
      {
        where: '',
        name: '--port',
        value: '-1',
        reason: 'not a UDP port',
        fix: 'choose a whole number from 1 to 65535',
      },
    ],
  });
  expect(status).toBe(2);
});

test('help and version are not failures, and nothing is coloured where no terminal is', async () => {
  for (const argv of [['--help'], ['client', '--help'], ['--version']]) {
    const { status, stdout, stderr } = await teredo(...argv);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\u001b');
  }
});
