import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ServerConfiguration } from '../../src/daemon/configuration/configuration.ts';
import { PortableServer } from '../../src/daemon/portable-server.ts';
import type { Report } from '../../src/daemon/reports.ts';
import { parseIpv4 } from '../../src/wire/text.ts';

const LOOPBACK = {
  role: 'server',
  ipv4: parseIpv4('127.0.0.1')!,
  ipv4Secondary: parseIpv4('127.0.0.2')!,
} as ServerConfiguration;

test('a server that is stopped while its sockets open does not say afterwards that it is ready', async () => {
  const reports: Report['type'][] = [];
  const server = new PortableServer(LOOPBACK, ({ type }) => reports.push(type));
  await server.stop();
  await delay(100);
  expect(reports).toEqual(['stopped']);
  await expect(server.questions.ask({ type: 'ping' })).rejects.toMatchObject({ code: 'TD-DATA-PATH-AWAY' });
});
