/** A server where the library for system calls cannot be loaded. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { ours, reports } from '../support/ours.ts';

/** As on a platform that the library has no build for. */
const WITHOUT_LIBRARY = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
  if (name === 'koffi') throw new Error('Cannot find the native Koffi module');
  return next(name, context);
}\`));`;

const SERVER = ['192.0.2.33', '192.0.2.34'] as const;

describeWith(laboratory, 'Without the library for system calls', () => {
  const network = new Network();
  let internet: Internet;
  beforeAll(async () => {
    internet = await Internet.create(network);
  });
  afterAll(() => network.close());

  test('a server serves all the same: two clients qualify and reach each other', async () => {
    const host = await internet.host('server', { ipv4: SERVER });
    const server = startTeredo(
      host,
      ['server', '--address', SERVER[0], '--address2', SERVER[1], '--json'],
      WITHOUT_LIBRARY,
    );
    await server.printed(/"ready"/);
    const one = await internet.hostBehindNat('one', '198.51.100.1', 'masquerade');
    const other = await internet.hostBehindNat('other', '198.51.100.2', 'masquerade');
    const [client, peer] = await Promise.all([ours.client(one, SERVER), ours.client(other, SERVER)]);
    const { received, output } = await ping(client.host, peer.address, 3);
    expect(received, output).toBe(3);
    expect(reports(server, 'warning').map(({ code }) => code)).toContain('TD-PORTABLE');
    expect(server.output).not.toContain('TD-INTERNAL');
    await server.stop();
    expect(server.ending).toBe('exit status 0');
  });

  test('a tunnel says that it cannot be, and why', async () => {
    const host = await internet.host('relay', { ipv4: ['203.0.113.77'] });
    const relay = startTeredo(host, ['relay', '--json'], WITHOUT_LIBRARY);
    await relay.printed(/TD-NATIVE/);
    await until('the end of the relay', () => !relay.running);
    expect(relay.ending).toBe('exit status 3');
  });
});
