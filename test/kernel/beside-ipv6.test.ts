import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';

describeWith(laboratory, 'A client on a host that has IPv6', () => {
  const network = new Network();
  let host: Namespace;

  beforeAll(async () => {
    host = await network.add('host');
    const other = await network.add('other');
    await network.cable(host, 'wan', other, 'wan');
    await host.ip('address add 192.0.2.1/24 dev wan', 'address add 2001:db8::1/64 dev wan nodad');
  });
  afterAll(() => network.close());

  test('RFC 4380 §5.5, CLI-130: an address without a default route is no IPv6 Internet, the client runs', async () => {
    const client = startTeredo(host, ['client', '192.0.2.9', '--json']);
    await client.printed(/"type":"ready"/);
    expect(await client.stop('SIGTERM')).toBe('exit status 0');
  });

  test('RFC 4380 §5.5, CLI-130: with a default route it refuses, and says what to do instead', async () => {
    await host.ip('route add default via 2001:db8::2 dev wan');
    const client = startTeredo(host, ['client', '192.0.2.9', '--json']);
    await client.printed(/TD-IPV6-PRESENT/);
    await until('the end of the client', () => client.ending);
    expect(client.ending).toBe('exit status 3');
    expect(client.output).toMatch(/2001:db8::1 on wan.*host-relay.*--even-with-ipv6/);
  });

  test('CLI-130: unless it is asked to run all the same', async () => {
    const client = startTeredo(host, ['client', '192.0.2.9', '--json', '--even-with-ipv6']);
    await client.printed(/"type":"ready"/);
    expect(await client.stop('SIGTERM')).toBe('exit status 0');
  });
});
