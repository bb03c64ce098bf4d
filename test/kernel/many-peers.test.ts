import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';

const COUNT = 100_000;
/** A packet to each of 100,000 clients, 25,000 a second; the kernel may lose some on the way into the tunnel. */
const KNOCK = `
  import { createSocket } from 'node:dgram';
  const socket = createSocket('udp6');
  socket.on('error', () => {});
  let number = 0;
  const timer = setInterval(() => {
    for (let count = 0; count < 500 && number < ${COUNT}; count++, number++) {
      const port = 1 + (number % 50_000);
      const ipv4 = number < 50_000 ? '3fff:fdfc' : '3fff:fdfb';
      socket.send('x', 9, '2001:0:c000:202:0:' + (port ^ 0xffff).toString(16) + ':' + ipv4, () => {});
    }
    if (number >= ${COUNT}) { clearInterval(timer); setTimeout(() => socket.close(), 500); }
  }, 20);`;

interface Told {
  readonly verdict: string;
  readonly roles: readonly { readonly limits: readonly { readonly name: string; readonly inUse: number }[] }[];
}

describeWith(laboratory, 'A relay that knows 100,000 peers', () => {
  const network = new Network();
  const socket = join(network.directory, 'teredo', 'many.sock');
  let host: Namespace;

  beforeAll(async () => {
    host = await network.add('host');
    const other = await network.add('other');
    await network.cable(host, 'wan', other, 'wan');
    await host.ip('address add 192.0.2.1/24 dev wan', 'address add 2001:db8::1/64 dev wan');
    await other.ip('address add 192.0.2.2/24 dev wan');
  });
  afterAll(() => network.close());

  test('tells each of them once, while it answers other questions too', async () => {
    const file = join(network.directory, 'relay.toml');
    const limits = ['untrusted_peers = 200000', 'new_peers_per_second = 1000000', 'bubbles_per_second = 1000000'];
    writeFileSync(file, `[limits]\n${limits.join('\n')}\n`, { mode: 0o644 });
    const relay = startTeredo(host, ['host-relay', '--config', file, '--control-socket', socket]);
    await relay.printed(/leads into teredo/);
    for (let round = 0; round < 3 && (await known()) < COUNT; round++) {
      await host.run([process.execPath, '--input-type=module', '-e', KNOCK]);
    }
    expect(await known()).toBe(COUNT);
    const startedAt = performance.now();
    const listing = ask('peers', '--json', '--limit', String(2 * COUNT));
    let answered = 0;
    let isListing = true;
    void listing.finally(() => {
      isListing = false;
    });
    for (; isListing; answered++) expect((await status()).verdict).toMatch(/^Host-specific relay online/);
    const { stdout } = await listing;
    console.log(
      `${COUNT} peers in ${Math.round(performance.now() - startedAt)} ms, ${answered} times the status beside`,
    );
    const addresses = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { address: string }).address);
    expect(addresses).toHaveLength(COUNT);
    expect(new Set(addresses).size).toBe(COUNT);
    expect(answered).toBeGreaterThan(0);
    expect((await ask('peers')).stdout).toMatch(/^The (host-)?relay knows 100,000 peers\.\n[\s\S]*and 99,000 more/);
    expect(await relay.stop()).toBe('exit status 0');
  });

  function ask(...argv: readonly string[]) {
    return host.runToEnd([process.execPath, PROGRAM, ...argv, '--socket', socket]);
  }

  async function status(): Promise<Told> {
    return JSON.parse((await ask('status', '--json')).stdout) as Told;
  }

  async function known(): Promise<number> {
    return (await status()).roles[0]!.limits.find(({ name }) => name === 'peers')!.inUse;
  }
});
