import { expect, test } from 'vitest';
import { isBest, pathOf, pathWords } from '../../src/cli/tap/path.ts';
import { parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

/** Its mapped address is 198.51.100.2:40000, its server 192.0.2.1. */
const CLIENT = parseIpv6('2001:0:c000:201:0:63bf:39cc:9bfd')!;
const NATIVE = parseIpv6('2001:db8::80')!;
const SERVERS = new Set([parseIpv4('192.0.2.1')!]);

test.each([
  ['its mapped address', CLIENT, '198.51.100.2', 40_000, 'direct', 'direct, 198.51.100.2:40000'],
  ['another port: a symmetric NAT', CLIENT, '198.51.100.2', 7, 'direct', /^direct, 198.51.100.2:7 .another port/],
  ['a private address', CLIENT, '192.168.1.7', 40_000, 'local', 'direct, inside this network, 192.168.1.7:40000'],
  ['the server', CLIENT, '192.0.2.1', 3_544, 'server', 'through the server 192.0.2.1:3544'],
  ['another port of the host with the server', NATIVE, '192.0.2.1', 3_545, 'relay', 'through relay 192.0.2.1:3545'],
  ['a relay', NATIVE, '203.0.113.1', 3_545, 'relay', 'through relay 203.0.113.1:3545'],
] as const)('an answer from %s', (_, peer, ipv4, port, type, words) => {
  const path = pathOf(peer, { ipv4: parseIpv4(ipv4)!, port }, SERVERS);
  expect(path.type).toBe(type);
  expect(isBest(path)).toBe(type !== 'server');
  if (typeof words === 'string') expect(pathWords(path, peer)).toBe(words);
  else expect(pathWords(path, peer)).toMatch(words);
});

test('a client on port 3544 of a host that is a server too is met directly', () => {
  const peer = parseIpv6('2001:0:c000:201:0:f227:3fff:fdfe')!; // 192.0.2.1:3544
  expect(pathOf(peer, { ipv4: parseIpv4('192.0.2.1')!, port: 3_544 }, SERVERS).type).toBe('direct');
});
