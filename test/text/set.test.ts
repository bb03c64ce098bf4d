import { expect, test } from 'vitest';
import { parse } from '../../src/cli/set.ts';

test.each([
  ['server teredo.example', { server: 'teredo.example' }],
  ['refresh-interval 20', { refreshIntervalMs: 20_000 }],
  ['port 40000', { port: 40_000 }],
  ['port default', { port: 'default' }],
  ['type enterpriseclient', { type: 'enterpriseclient' }],
  ['log-level debug', { logLevel: 'debug' }],
  ['log-level default', { logLevel: 'default' }],
  ['state default', { type: 'default' }],
  ['state disabled', { type: 'disabled' }],
  ['state type=natawareclient servername=192.0.2.1', { type: 'natawareclient', server: '192.0.2.1' }],
  ['state refreshinterval=15 clientport=34567', { refreshIntervalMs: 15_000, port: 34_567 }],
  [
    'state client teredo.example 60 40000',
    { type: 'client', server: 'teredo.example', refreshIntervalMs: 60_000, port: 40_000 },
  ],
  ['state server=default clientport=unspecified', { server: 'default', port: 'default' }],
])('teredo set %s', (line, wanted) => {
  expect(parse(line.split(' '))).toEqual(wanted);
});

test.each([
  'server',
  'server a b',
  'port 0',
  'refresh-interval 1',
  'type router',
  'log-level loud',
  'state',
  'state mtu=1',
  'mtu 1280',
])('teredo set %s: refused', (line) => {
  expect(() => parse(line.split(' '))).toThrow(expect.objectContaining({ code: 'TD-USAGE' }));
});
