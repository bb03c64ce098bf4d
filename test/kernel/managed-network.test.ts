import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { startNameServer, startWithNames } from '../support/name-server.ts';
import { reports, startServer } from '../support/ours.ts';

const SERVER = ['192.0.2.1', '192.0.2.2'] as const;
const HOST = '192.168.1.2';
const LISTENER = `require('node:net').createServer((s) => s.destroy()).listen(389, '${HOST}', () => console.log('listening'));`;
const NAMES = {
  a: { 'dc1.corp.test': [HOST], 'dc2.corp.test': ['192.168.1.77'] },
  srv: {
    '_ldap._tcp.dc._msdcs.corp.test': [
      [389, 'dc2.corp.test'],
      [389, 'dc1.corp.test'],
    ],
  },
} as const;

describeWith(laboratory, 'A client in the network of a domain', () => {
  const network = new Network();
  let host: Namespace;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    const server = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    await startServer(server, SERVER, ['--no-control']);
    host = await internet.hostBehindNat('client', '198.51.100.7', 'masquerade');
    await startNameServer(host, NAMES);
  });
  afterEach(() =>
    Promise.all(
      network.processes.filter(({ title }) => /teredo client|controller/.test(title)).map((one) => one.stop()),
    ),
  );
  afterAll(() => network.close());

  const client = (...options: readonly string[]) =>
    startWithNames(host, ['client', SERVER[0], '--domain', 'corp.test', '--json', '--no-control', ...options]);
  const controller = async (): Promise<Process> => {
    const process = host.start([globalThis.process.execPath, '-e', LISTENER], 'controller');
    await process.printed(/listening/);
    return process;
  };

  test('a controller answers: it stays off with the reason, and runs once the host is elsewhere', async () => {
    const listener = await controller();
    const process = client();
    await process.printed(/"type":"off-line".*"reason":"client is in a managed network"/);
    expect(reports(process, 'managed-network')).toMatchObject([
      { domain: 'corp.test', controller: 'dc1.corp.test:389' },
    ]);
    expect(reports(process, 'starting')).toEqual([]);
    await listener.stop();
    // What happens when a laptop is carried home: another address.
    await host.ip('address add 192.168.1.3/24 dev lan');
    await process.printed(/"type":"qualified"/);
    await controller();
    await host.ip('address delete 192.168.1.3/24 dev lan');
    await process.printed(/"type":"qualified"[\s\S]*"reason":"client is in a managed network"/);
    expect(await process.stop()).toBe('exit status 0');
  });

  test('enterpriseclient runs all the same; natawareclient too', async () => {
    await controller();
    for (const type of ['enterpriseclient', 'natawareclient']) {
      const process = client('--type', type);
      await process.printed(/"type":"qualified"/);
      expect(reports(process, 'managed-network')).toEqual([]);
      expect(await process.stop()).toBe('exit status 0');
    }
  });

  test('records without a controller that answers make no managed network', async () => {
    const process = client();
    await process.printed(/"type":"qualified"/);
    expect(await process.stop()).toBe('exit status 0');
  });
});
