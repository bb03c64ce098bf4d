import { expect, test } from 'vitest';
import { runToEnd } from '../../src/lab/kernel/commands.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { ADDRESS_A, ADDRESS_B, bytesOf, E1, E1C, E2, E2M, E6, E7, E9_SOLICITATION } from '../wire/examples.ts';

const teredo = (argv: readonly string[]) => runToEnd([process.execPath, PROGRAM, ...argv]);
const hexOf = (example: string) => Buffer.from(bytesOf(example)).toString('hex');
const BUBBLE = ['bubble', '--source', ADDRESS_A, '--destination', ADDRESS_B];
const TRAILERS = ['--nonce', 'deadbeef', '--alternate', '192.168.1.10:40001', '--random-port', '57208'];
const RA = ['ra', '--server', '203.0.113.1', '--origin', '192.0.2.45:40001', '--nonce', '0102030405060708'];

test.each([
  ['W-01', ['--server', '203.0.113.1', '--mapped', '192.0.2.45:40001', '--flags', '18a5'], ADDRESS_A],
  [
    'W-02',
    ['address', '--server', '203.0.113.1', '--mapped', '192.0.2.45:40001', '--cone'],
    '2001:0:cb00:7101:8000:63be:3fff:fdd2',
  ],
  ['E1', ['rs', '--nonce', '0102030405060708'], hexOf(E1)],
  ['E1c', ['rs', '--cone', '--nonce', '01:02:03:04:05:06:07:08'], hexOf(E1C)],
  ['E2', [...RA, '--mtu', '1280'], hexOf(E2)],
  ['E2m', RA, hexOf(E2M)],
  ['E6', [...BUBBLE, ...TRAILERS], hexOf(E6)],
  ['E7', [...BUBBLE, ...TRAILERS, '--origin', '192.0.2.45:40001'], hexOf(E7)],
  ['E9', [...BUBBLE, '--neighbor', 'solicitation'], hexOf(E9_SOLICITATION)],
  ['W-08', ['origin', '--origin', '1.2.3.4:337'], '0000feaefefdfcfb'],
])('%s: encode %j', async (_rule, argv, expected) => {
  const { status, stdout } = await teredo(['encode', ...argv]);
  expect([stdout, status]).toEqual([`${expected}\n`, 0]);
});

test('as JSON', async () => {
  const { stdout } = await teredo(['encode', 'rs', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    schemaVersion: 1,
    type: 'datagram',
    kind: 'router solicitation',
    summary: 'RS, cone 0',
  });
});

test.each([
  [['--server', '203.0.113.1'], 'WHAT address: needs --mapped'],
  [['bubble'], 'WHAT bubble: needs --source'],
  [['tunnel'], 'WHAT tunnel: not a thing to encode'],
  [['rs', '--mtu', '1280'], '--mtu: means nothing for rs'],
  [['rs', '--nonce', '0102'], '--nonce 0102: not 8 octets in hex'],
  [[...BUBBLE, '--nonce', '0102030405060708'], '--nonce 0102030405060708: not 4 octets in hex'],
  [['--server', '1.2.3', '--mapped', '1.2.3.4:5'], '--server 1.2.3: not an IPv4 address'],
  [['--server', '1.2.3.4', '--mapped', '1.2.3.4'], '--mapped 1.2.3.4: the port is missing or above 65535'],
  [['--server', '1.2.3.4', '--mapped', '1.2.3.4:65536'], '--mapped 1.2.3.4:65536: the port is missing or above 65535'],
  [['--server', '1.2.3.4', '--mapped', '1.2.3.4:5', '--flags', '12345'], '--flags 12345: not four hex digits'],
  [[...BUBBLE, '--alternate', ...Array<string>(5).fill('1.2.3.4:5')], 'RFC 6081 §4.3 allows 4 endpoints'],
  [[...BUBBLE, '--neighbor', 'x'], '--neighbor x: no such type'],
  [['bubble', '--source', '::g', '--destination', '::1'], '--source ::g: not an IPv6 address'],
])('%j: status 2', async (argv, message) => {
  const { status, stderr } = await teredo(['encode', ...argv]);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/ {2}next: /);
  expect(status).toBe(2);
});
