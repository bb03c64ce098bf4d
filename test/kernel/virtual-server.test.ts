/** Servers that share an address: whoever of them answers, clients see one and the same server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { reports } from '../support/ours.ts';
import { datagramsSent } from '../support/udp-counters.ts';

const SHARED = ['192.0.2.201', '192.0.2.202'] as const;

describeWith(laboratory, 'Servers behind one virtual address', () => {
  const network = new Network();
  let internet: Internet;
  let servers: readonly Namespace[];
  let client: Namespace;

  beforeAll(async () => {
    internet = await Internet.create(network);
    servers = [
      await internet.host('server-1', { ipv4: ['192.0.2.1'] }),
      await internet.host('server-2', { ipv4: ['192.0.2.2'] }),
    ];
    for (const [index, server] of servers.entries()) {
      await server.ip(...SHARED.map((address) => `address add ${address}/32 dev lo`));
      const argv = ['server', '--address', `192.0.2.${index + 1}`, '--virtual-ip', SHARED[0], '--json', '--no-control'];
      await startTeredo(server, argv).printed(/"type":"ready"/);
    }
    client = await internet.hostBehindNat('client', '198.51.100.7', 'masquerade');
  });
  afterAll(() => network.close());

  /** What the balancer does: from now on datagrams to the shared addresses go to this server. */
  async function balance(index: number): Promise<void> {
    await internet.router.ip(...SHARED.map((address) => `route replace ${address}/32 via 192.0.2.${index + 1}`));
  }

  test('a client qualifies at one, and is served by the other without noticing', async () => {
    await balance(0);
    const argv = ['client', SHARED[0], '--refresh-interval', '5', '--json', '--no-control'];
    const process = startTeredo(client, argv);
    await process.printed(/"type":"qualified"/);
    const [{ address }] = reports(process, 'qualified') as [{ address: string }];
    expect(address).toMatch(/^2001:0:c000:2c9:/);
    await balance(1);
    const before = await datagramsSent(servers[1]!);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await datagramsSent(servers[1]!)).toBeGreaterThan(before);
    expect(reports(process, 'qualified')).toHaveLength(1);
    expect(reports(process, 'off-line')).toEqual([]);
    expect(await process.stop()).toBe('exit status 0');
  });

  test('where this host does not have the shared address, it says how to give it one', async () => {
    const process = startTeredo(client, [
      'server',
      '--address',
      '192.168.1.2',
      '--virtual-ip',
      SHARED[0],
      '--no-control',
    ]);
    await process.printed(
      /192\.0\.2\.201: this host does not have that address[\s\S]*ip address add ADDRESS\/32 dev lo/,
    );
  });
});
