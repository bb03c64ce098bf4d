/** Two clients of ours behind one and the same NAT, and behind NATs behind NATs, on NAT nodes of the lab. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import type { Lan } from '../../src/lab/kernel/lan.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import type { RunningClient, ServerAddresses } from '../support/implementation.ts';
import { teredoAddress } from '../support/implementation.ts';
import { startClient, startServer } from '../support/ours.ts';
import { transfer } from '../support/transfer.ts';

const SERVER: ServerAddresses = ['203.0.113.1', '203.0.113.2'];

describeWith(laboratory, 'Clients behind the same NAT', () => {
  const network = new Network();
  let internet: Internet;

  beforeAll(async () => {
    internet = await Internet.create(network);
    const host = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    await startServer(host, SERVER);
  });
  afterAll(() => network.close());
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => void process.stderr.write(`${await network.report()}\n`));
  });

  async function expectReach(a: RunningClient, b: RunningClient): Promise<void> {
    const result = await ping(a.host, b.address);
    expect(result.received, result.output).toBe(10);
  }

  for (const hairpinning of [true, false]) {
    const how = hairpinning ? 'with hairpinning' : 'without hairpinning';
    test.concurrent(`RFC 4380 §5.2.8: in one subnet, ${how}`, async () => {
      const lan = await internet.nat(`home-${hairpinning}`, { kind: 'port-restricted', options: { hairpinning } }, [
        hairpinning ? '192.0.2.1' : '192.0.2.2',
      ]);
      const [a, b] = await Promise.all([client(lan, `a-${hairpinning}`), client(lan, `b-${hairpinning}`)]);
      // RFC 4380 §5.2.6: no bubble within 2 s of the one that answered the discovery, and only four packets wait.
      await delay(2_100);
      await expectReach(a, b);
    });

    test.concurrent(`RFC 6081 §5.6: in one subnet without local discovery, ${how}`, async () => {
      const lan = await internet.nat(`office-${hairpinning}`, { kind: 'cone', options: { hairpinning } }, [
        hairpinning ? '192.0.2.3' : '192.0.2.4',
      ]);
      const [a, b] = await Promise.all([
        client(lan, `c-${hairpinning}`, ['--no-local-discovery']),
        client(lan, `d-${hairpinning}`, ['--no-local-discovery']),
      ]);
      await expectReach(a, b);
    });
  }

  test.concurrent('in different subnets behind nested NATs, with hairpinning at the outer one', async () => {
    const outer = await internet.nat('carrier', { kind: 'cone' }, ['192.0.2.5']);
    const homes = [await outer.nestedNat('home-1', { kind: 'port-restricted' })];
    homes.push(await outer.nestedNat('home-2', { kind: 'address-restricted' }));
    const [a, b] = await Promise.all(homes.map((home, index) => client(home, `nested-${index}`)));
    await expectReach(a!, b!);
  });

  test.concurrent('behind nested NATs without hairpinning at the outer one there is no way: it ends soon and says so', async () => {
    // Nobody knows the address that the inner NAT has on the outer one's LAN; RFC 6081 §5.6 would need UPnP there.
    const outer = await internet.nat('cheap', { kind: 'cone', options: { hairpinning: false } }, ['192.0.2.6']);
    const homes = [
      await outer.nestedNat('flat-1', { kind: 'cone' }),
      await outer.nestedNat('flat-2', { kind: 'cone' }),
    ];
    const [a, b] = await Promise.all(homes.map((home, index) => client(home, `flat-client-${index}`)));
    const { stdout } = await a!.host.runToEnd(['ping', '-6', '-n', '-c', '1', '-w', '20', b!.address]);
    expect(stdout).toContain('Destination unreachable: Address unreachable');
  });

  for (const hairpinning of [true, false]) {
    const how = hairpinning ? 'with hairpinning' : 'without hairpinning';
    test.concurrent(`RFC 6081 §5.6: one in the outer subnet and one behind a NAT behind it, ${how}`, async () => {
      const name = hairpinning ? 'kind' : 'unkind';
      const external = hairpinning ? '192.0.2.7' : '192.0.2.17';
      const outer = await internet.nat(`${name}-house`, { kind: 'cone', options: { hairpinning } }, [external]);
      const inner = await outer.nestedNat(`${name}-room`, { kind: 'port-restricted' });
      const [a, b] = await Promise.all([client(outer, `${name}-hall`), client(inner, `${name}-bed`)]);
      await expectReach(a, b);
    });
  }

  test('50 MB pass through two NAT nodes, each way', async () => {
    const lans = await Promise.all([
      internet.nat('far', { kind: 'symmetric' }, ['192.0.2.8']),
      internet.nat('near', { kind: 'cone' }, ['192.0.2.9']),
    ]);
    const [a, b] = await Promise.all(lans.map((lan, index) => client(lan, `bulk-${index}`)));
    await expectReach(a!, b!);
    for (const [from, to] of [
      [a!, b!],
      [b!, a!],
    ] as const) {
      const { sent, received, megabitsPerSecond } = await transfer(from.host, to.host, to.address);
      expect(received).toEqual(sent);
      expect(received.octets).toBe(50_000_000);
      process.stdout.write(`${from.host.name} > ${to.host.name}: ${megabitsPerSecond.toFixed(0)} Mbit/s\n`);
    }
  });
});

async function client(lan: Lan, name: string, options: readonly string[] = []): Promise<RunningClient> {
  const host: Namespace = await lan.host(name);
  const process = startClient(host, SERVER, options);
  return { host, process, address: await teredoAddress(host, process) };
}
