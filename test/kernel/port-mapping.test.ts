import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { forgetMappings, mappings, prepareRouter, startMiniupnpd } from '../support/miniupnpd.ts';
import { reports } from '../support/ours.ts';

/** miniupnpd maps nothing for a router with an address of the documentation networks; nothing leaves the namespaces. */
const PUBLIC = '44.128.0.7';
const OUTSIDE = '44.128.0.1';
/** Nobody: a mapping does not depend on the server's answer. */
const SERVER = '44.128.0.100';
const HOST = '192.168.1.2';
const ALLOW = 'allow 1-65535 0.0.0.0/0 1-65535';

describeWith([...laboratory, 'miniupnpd'], 'RFC 6081 §5.3.3: port mapping by a real miniupnpd', () => {
  const network = new Network();
  let host: Namespace;
  let router: Namespace;
  let outside: Namespace;
  let daemon: Process | undefined;

  beforeAll(async () => {
    host = await network.add('host');
    router = await network.add('router');
    outside = await network.add('outside');
    await network.cable(host, 'lan', router, 'lan');
    await network.cable(router, 'wan', outside, 'wan');
    await router.ip(`address add ${PUBLIC}/24 dev wan`, 'address add 192.168.1.1/24 dev lan');
    await outside.ip(`address add ${OUTSIDE}/24 dev wan`);
    await host.ip(`address add ${HOST}/24 dev lan`, 'route add default via 192.168.1.1');
    await prepareRouter(router);
  });
  afterEach(async () => {
    await Promise.all(network.processes.map((process) => process.stop()));
    await forgetMappings(router);
    daemon = undefined;
  });
  afterAll(() => network.close());

  const protocols = [
    { by: 'PCP', options: { upnp: false } },
    { by: 'UPnP', options: { natPmp: false } },
  ];

  for (const { by, options } of protocols) {
    test(`EXT-20, EXT-25: by ${by}: made, used by a stranger, and removed on SIGTERM`, async () => {
      daemon = await startMiniupnpd(router, options);
      const client = start('--port', '40001');
      expect(await mapped(client)).toMatchObject({
        by,
        router: '192.168.1.1',
        local: `${HOST}:40001`,
        external: `${PUBLIC}:40001`,
        isPublic: true,
      });
      expect(await mappings(router)).toEqual([`40001 to ${HOST}:40001`]);
      await knock();
      expect(await client.stop()).toBe('exit status 0');
      expect(received(client)).toBe(1);
      expect(await mappings(router)).toEqual([]);
    });

    test(`RFC 6081 §5.3.5.1: by ${by}: what a killed process left behind is removed at the next start`, async () => {
      daemon = await startMiniupnpd(router, options);
      const killed = start('--port', '40001');
      await mapped(killed);
      await killed.stop('SIGKILL');
      expect(await mappings(router)).toEqual([`40001 to ${HOST}:40001`]);
      const next = start('--port', '40002');
      await mapped(next);
      expect(await mappings(router)).toEqual([`40002 to ${HOST}:40002`]);
      expect(await next.stop()).toBe('exit status 0');
      expect(await mappings(router)).toEqual([]);
    });
  }

  test('without a mapping the stranger is kept out; --no-port-mapping asks for none', async () => {
    daemon = await startMiniupnpd(router);
    const client = start('--port', '40001', '--no-port-mapping');
    await client.printed(/"type":"starting".*"attempt":2/);
    await knock();
    expect(await client.stop()).toBe('exit status 0');
    expect(received(client)).toBe(0);
    expect(reports(client, 'port-mapping')).toEqual([]);
    expect(daemon.output).not.toMatch(/PCP MAP|HTTP REQUEST/);
  });

  test('RFC 6886: by NAT-PMP: made, prolonged and removed', async () => {
    daemon = await startMiniupnpd(router, { upnp: false });
    const module = new URL('../dist/io/mapping/nat-pmp.js', `file://${PROGRAM}`);
    const source = `
      const { natPmp } = await import('${module}');
      const request = { router: { gateway: '192.168.1.1', local: '${HOST}' }, localPort: 40003, nonce: new Uint8Array(12) };
      const { signal } = new AbortController();
      console.log(JSON.stringify(await natPmp.map(request, signal)));
      console.log(JSON.stringify(await natPmp.map(request, signal)));
      if (process.argv[1] === 'unmap') await natPmp.unmap(request, signal);`;
    const run = (...argv: string[]) =>
      host.run([process.execPath, '--input-type=module', '--eval', source, '--', ...argv]);
    const granted = JSON.stringify({ address: PUBLIC, port: 40003, lifetimeMs: 7_200_000 });
    expect(await run('keep')).toBe(`${granted}\n${granted}\n`);
    expect(await mappings(router)).toEqual([`40003 to ${HOST}:40003`]);
    await run('unmap');
    expect(await mappings(router)).toEqual([]);
  });

  test('RFC 6887 §11.2.1: the lease is prolonged before it ends; a router that is gone is told of once it has', async () => {
    daemon = await startMiniupnpd(router, { upnp: false, lifetimeMax: 4 });
    const client = start('--port', '40001');
    expect(await mapped(client)).toMatchObject({ by: 'PCP', lifetimeMs: 4_000 });
    await until('the third prolongation', () => [...daemon!.output.matchAll(/PCP MAP: /g)].length >= 4);
    expect(await mappings(router)).toEqual([`40001 to ${HOST}:40001`]);
    expect(reports(client, 'port-mapping')).toHaveLength(1);
    await daemon.stop();
    await client.printed(/"state":"none","reason":"router 192\.168\.1\.1 offers none/);
    expect(await client.stop()).toBe('exit status 0');
  });

  test('a router that refuses: the reason is told, and everything else goes on', async () => {
    daemon = await startMiniupnpd(router, { natPmp: false, permissions: ['deny 40001 0.0.0.0/0 1-65535', ALLOW] });
    const client = start('--port', '40001');
    await client.printed(/"type":"port-mapping".*"state":"none","reason":"router 192.168.1.1: UPnP: it refuses \(606 /);
    await client.printed(/"type":"starting".*"attempt":2/);
    expect(await client.stop()).toBe('exit status 0');
    expect(client.output).not.toContain('"type":"error"');
  });

  test('RFC 6887 §11.1: the port is a wish: the router may choose another', async () => {
    daemon = await startMiniupnpd(router, { upnp: false, permissions: ['deny 40001 0.0.0.0/0 1-65535', ALLOW] });
    const client = start('--port', '40001');
    expect(await mapped(client)).toMatchObject({ local: `${HOST}:40001`, external: `${PUBLIC}:40002` });
    expect(await client.stop()).toBe('exit status 0');
    expect(await mappings(router)).toEqual([]);
  });

  function start(...options: readonly string[]): Process {
    const state = `XDG_STATE_HOME=${join(network.directory, 'state')}`;
    const command = [process.execPath, PROGRAM, 'client', SERVER, '--json', ...options];
    return host.start(['env', '--unset=STATE_DIRECTORY', state, ...command], 'teredo client');
  }

  /** A datagram from a host that was never written to. */
  async function knock(): Promise<void> {
    await outside.run(['bash', '-c', `echo knock > /dev/udp/${PUBLIC}/40001`]);
  }
});

async function mapped(client: Process): Promise<Record<string, unknown> | undefined> {
  await client.printed(/"type":"port-mapping".*"state":"mapped"/);
  return reports(client, 'port-mapping')[0];
}

/** Datagrams that came in by the client's sockets, from its last report. */
function received(client: Process): number {
  const [stopped] = reports(client, 'stopped') as { roles: { datagramsReceived: number }[] }[];
  return stopped!.roles[0]!.datagramsReceived;
}
