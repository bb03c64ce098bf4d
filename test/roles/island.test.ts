import { expect, test } from 'vitest';
import { formatIpv6 } from '../../src/wire/text.ts';
import { makeClient, makeServer, pollDatagrams, pollEvents, receive } from './support.ts';

test('RFC 4380 §5.2.1: a client and a server agree on an address in two exchanges', () => {
  const client = makeClient();
  const server = makeServer();
  client.start(0);
  for (const via of [0, 1]) {
    const [solicitation] = pollDatagrams(client);
    expect(solicitation?.endpoint).toBe(via === 0 ? '203.0.113.1:3544' : '203.0.113.2:3544');
    receive(server, '192.0.2.45:40001', solicitation!.bytes, 10, via);
    const [advertisement] = pollDatagrams(server);
    expect(advertisement).toMatchObject({ endpoint: '192.0.2.45:40001', via });
    receive(client, `203.0.113.${via + 1}:3544`, advertisement!.bytes, 20);
  }
  expect(client.state).toBe('qualified');
  expect(formatIpv6(client.address!)).toMatch(/^2001:0:cb00:7101:[0-9a-f]+:63be:3fff:fdd2$/);
  expect(pollEvents(client).map((event) => event.type)).toEqual(['starting', 'starting', 'qualified']);
});
