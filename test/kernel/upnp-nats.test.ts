/** NAT nodes of the lab that map ports on request (UPnP): real daemons ask them, and are reached by what they get. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import type { Lan } from '../../src/lab/kernel/lan.ts';
import { Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { type RunningClient, type ServerAddresses, teredoAddress } from '../support/implementation.ts';
import { reports, startClient, startServer } from '../support/ours.ts';

const SERVER: ServerAddresses = ['203.0.113.1', '203.0.113.2'];

describeWith(laboratory, 'NAT nodes with UPnP', () => {
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

  /** A client that has its port mapping; `external` is what it must say. */
  async function mappedClient(lan: Lan, name: string, external: RegExp): Promise<RunningClient> {
    const one = await client(lan, name);
    const [line] = await one.process.printed(/.*"type":"port-mapping".*"state":"mapped".*/);
    expect(line).toMatch(external);
    expect(line).toContain('"by":"UPnP"');
    return one;
  }

  async function client(lan: Lan, name: string, options: readonly string[] = []): Promise<RunningClient> {
    const host = await lan.host(name);
    const process = startClient(host, SERVER, options);
    return { host, process, address: await teredoAddress(host, process) };
  }

  test('RFC 6081 §3.2: behind a UPnP port-restricted NAT a client is reached from behind any symmetric one', async () => {
    const lan = await internet.nat('open', { kind: 'UPnP port-restricted' }, ['192.0.2.1']);
    const called = await mappedClient(lan, 'called', /192\.0\.2\.1/);
    for (const [index, kind] of (['symmetric', 'address-symmetric'] as const).entries()) {
      const external = Array.from({ length: 40 }, (_, number) => `198.51.${index + 1}.${number + 1}`);
      const caller = await client(await internet.nat(`from-${index}`, { kind }, external), `caller-${index}`);
      const result = await ping(caller.host, called.address);
      expect(result.received, result.output).toBe(10);
    }
  });

  test('RFC 6081 §5.6: behind nested NATs without hairpinning at the outer one, by the mappings of the inner ones', async () => {
    const outer = await internet.nat('cheap', { kind: 'cone', options: { hairpinning: false } }, ['192.0.2.6']);
    const homes = [await outer.nestedNat('home-1', { kind: 'UPnP port-restricted' })];
    homes.push(await outer.nestedNat('home-2', { kind: 'UPnP port-restricted' }));
    const [a, b] = await Promise.all(
      homes.map((home, index) => mappedClient(home, `nested-${index}`, /192\.168\.1\./)),
    );
    const result = await ping(a!.host, b!.address);
    expect(result.received, result.output).toBe(10);
  });

  test('EXT-25: the mapping goes with the client', async () => {
    const lan = await internet.nat('tidy', { kind: 'UPnP symmetric' }, ['192.0.2.9']);
    const one = await mappedClient(lan, 'leaving', /192\.0\.2\.9/);
    const { port } = reports(one.process, 'ready')[0] as { port: number };
    await one.process.stop('SIGTERM');
    const again = await client(lan, 'other', ['--port', String(port)]);
    await again.process.printed(/"type":"port-mapping".*"state":"mapped"/);
  });
});
