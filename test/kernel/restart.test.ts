/** Reliability: a client that dies by SIGKILL and starts again is where it was. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { reports } from '../support/ours.ts';

interface Place {
  readonly port: unknown;
  readonly address: unknown;
}

describeWith(laboratory, 'A client that is killed and starts again', () => {
  const network = new Network();
  let host: Namespace;
  let state: string;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    const options = { ipv4: ['192.0.2.1', '192.0.2.2'], ipv6: ['2001:db8:5::1'], forwards: true };
    const server = await internet.host('server', options);
    // Each new local port gets a random one outside: only a mapping that lives on gives the same address.
    host = await internet.hostBehindNat('client', '198.51.100.1', 'masquerade random');
    await startTeredo(server, ['server', '--address', '192.0.2.1', '--json']).printed(/"type":"ready"/);
    state = join(network.directory, 'state-client');
  });
  afterEach(() =>
    Promise.all(network.processes.filter(({ title }) => /client in/.test(title)).map((one) => one.stop())),
  );
  afterAll(() => network.close());

  async function qualify(...options: readonly string[]): Promise<readonly [Process, Place]> {
    const process = startTeredo(host, ['client', '192.0.2.1', '--json', ...options]);
    await process.printed(/"type":"qualified"/);
    const [ready] = reports(process, 'ready');
    const [qualified] = reports(process, 'qualified');
    return [process, { port: ready!.port, address: qualified!.address }];
  }

  const file = () => join(state, readdirSync(state).find((name) => name.startsWith('client-'))!);

  test('rows 20, 24: same port, same address, one interface and one set of routes', async () => {
    let [process, first] = await qualify();
    const [links, routes] = [await names(), await host.run(['ip', '-6', 'route'])];
    for (let round = 0; round < 3; round++) {
      expect(await process.stop('SIGKILL')).toBe('ended by SIGKILL');
      await until('the end of the interface', async () => !(await names()).includes('teredo'));
      const begin = performance.now();
      const [next, place] = await qualify();
      globalThis.process.stderr.write(
        `restart after SIGKILL: qualified in ${Math.round(performance.now() - begin)} ms\n`,
      );
      expect(place).toEqual(first);
      expect(await names()).toEqual(links);
      expect(await host.run(['ip', '-6', 'route'])).toBe(routes);
      [process, first] = [next, place];
    }
    expect(readdirSync(state).filter((name) => name.startsWith('client-'))).toHaveLength(1);
  });

  test('a port that somebody else has by now is not insisted on; --port goes before what is remembered', async () => {
    const [process, first] = await qualify();
    await process.stop('SIGKILL');
    const taker = host.start([
      globalThis.process.execPath,
      '-e',
      `require('node:dgram').createSocket('udp4').bind(${String(first.port)}, () => console.log('taken'))`,
    ]);
    await taker.printed(/taken/);
    const [other, second] = await qualify();
    expect(second.port).not.toBe(first.port);
    await other.stop();
    await taker.stop();
    const [, third] = await qualify('--port', '40123');
    expect(third.port).toBe(40_123);
  });

  test('a file that is not whole, or is foreign, is ignored with a word, and written anew', async () => {
    const [process] = await qualify();
    await process.stop();
    const path = file();
    const good = readFileSync(path, 'utf8');
    for (const bad of ['', '{', good.slice(0, 40), good.replace(/"port":\d+/, '"port":0'), 'x'.repeat(100_000)]) {
      writeFileSync(path, bad);
      const [next] = await qualify();
      expect(next.output).toMatch(/"code":"TD-STATE"/);
      expect(await next.stop()).toBe('exit status 0');
      expect(readFileSync(path, 'utf8')).toMatch(/^\{"schemaVersion":1,"port":\d+,.*\}\n$/);
    }
  });

  async function names(): Promise<string[]> {
    const rows = await host.ask<{ ifname: string }[]>('link');
    return rows.map(({ ifname }) => ifname).sort();
  }
});
