import { expect, test } from 'vitest';
import { runToEnd } from '../support/commands.ts';
import { PROGRAM } from '../support/teredo.ts';

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
  [['server', '--address', '192.0.2.1', '--secret-file', '/nowhere'], '--secret-file /nowhere: ENOENT', 'readable'],
  [['client', '192.0.2.1:3544'], 'SERVER 192.0.2.1:3544: Teredo servers have', 'leave'],
  [['client', '300.1.1.1'], 'SERVER 300.1.1.1: neither a host name nor an IPv4 address', 'for instance'],
  [['client', '192.0.2.1', '--refresh-interval', '1'], '--refresh-interval 1: not', 'from 5 to 600'],
  [['client', '192.0.2.1', '--secret', 'x'], '--identifier : is missing', 'add --identifier'],
  [['client', '192.0.2.1', '--identifier', 'hex:0'], '--identifier hex:...: not hex digits', 'hex:00ff17'],
])('%j: status 2, with flag, value, reason and fix', async (argv, reason, fix) => {
  const { status, stderr, stdout } = await teredo(...argv);
  expect(stderr).toContain(`teredo: ${reason}`);
  expect(stderr).toMatch(/ {2}code: TD-USAGE\n/);
  expect(stderr).toContain(fix);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test.each([[['relay', '--prot', '1']], [['server']], [['clientt']], [[]], [['relay', 'extra']]])(
  '%j cannot be meant: status 2',
  async (argv) => {
    const { status, stderr } = await teredo(...argv);
    expect(stderr).not.toBe('');
    expect(status).toBe(2);
  },
);

test('with --json an error is an object of one line', async () => {
  const { status, stdout } = await teredo('relay', '--port', '-1', '--json');
  expect(JSON.parse(stdout)).toEqual({
    schemaVersion: 1,
    type: 'error',
    code: 'TD-USAGE',
    message: '--port -1: not a UDP port',
    next: 'choose a whole number from 1 to 65535',
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
