import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { reports, startServer } from '../support/ours.ts';

const SERVER = ['192.0.2.1', '192.0.2.2'] as const;
const PORT = 7_007;
/** Sends back what it gets, in capitals. */
const ECHO = `require('node:net').createServer((s) => s.on('data', (d) => s.end(String(d).toUpperCase())))
  .listen(${PORT}, '::', () => console.log('listening'));`;

describeWith(laboratory, 'A client on demand', () => {
  const network = new Network();
  let client: Namespace;
  let natives: readonly string[];
  let before: string;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    const server = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    await startServer(server, SERVER, ['--no-control']);
    const relay = await internet.host('relay', {
      ipv4: ['203.0.113.9'],
      ipv6: ['2001:db8:1::1'],
      announces: ['2001:db8:1::/48'],
      forwards: true,
    });
    natives = ['2001:db8:1::80', '2001:db8:1::81', '2001:db8:1::82'];
    const hosts = await Promise.all(
      natives.map((address, index) => internet.hostBehind(`native-${index}`, relay, address)),
    );
    await startTeredo(relay, ['relay', '--json', '--no-control']).printed(/"type":"ready"/);
    await hosts[2]!.start([process.execPath, '-e', ECHO], 'echo').printed(/listening/);
    client = await internet.hostBehindNat('client', '198.51.100.7', 'masquerade');
    before = await client.snapshot();
  });
  afterEach(() =>
    Promise.all(network.processes.filter(({ title }) => title.includes('client')).map((process) => process.stop())),
  );
  afterAll(() => network.close());

  async function dormant(...options: readonly string[]): Promise<Process> {
    const process = startTeredo(client, ['client', SERVER[0], '--on-demand', '--json', '--no-control', ...options]);
    await process.printed(/"type":"dormant"/);
    return process;
  }

  test('the first ping from a dormant host has its reply, and waits one exchange with the server at most', async () => {
    const process = await dormant();
    expect(reports(process, 'starting')).toEqual([]);
    const first = await ping(client, natives[0]!, 3);
    expect(first.received, first.output).toBe(3);
    // Now qualified: another host that nobody has spoken to yet.
    const cold = await ping(client, natives[1]!, 3);
    expect(cold.received, cold.output).toBe(3);
    console.log(`first reply: ${first.firstMs} ms from dormant, ${cold.firstMs} ms when qualified already`);
    // No packet is lost and no timer runs in between: whatever waits 2 s or 4 s would show.
    expect(first.firstMs! - cold.firstMs!).toBeLessThan(1_000);
    await process.printed(/"type":"qualified"/);
    // The address that the ping began from is another than the one we got: it is there for old flows only.
    const [{ provisional }] = reports(process, 'dormant') as [{ provisional: string }];
    const [{ address }] = reports(process, 'qualified') as [{ address: string }];
    expect(provisional).not.toBe(address);
    const shown = await client.run(['ip', '-6', 'address', 'show', 'dev', 'teredo']);
    expect(shown).toMatch(new RegExp(`${provisional}/32 scope global nodad deprecated`));
    expect(await client.run(['ip', '-6', 'route', 'get', natives[1]!])).toContain(`src ${address}`);
    expect(await process.stop()).toBe('exit status 0');
    expect(await client.snapshot()).toBe(before);
  });

  test('from dormant a reply is one exchange with the server later than when qualified, and no more', async () => {
    const socket = join(network.directory, 'on-demand', 'teredo.sock');
    const argv = ['client', SERVER[0], '--on-demand', '--json', '--control-socket', socket];
    const process = startTeredo(client, argv);
    const [fromDormant, qualified]: number[][] = [[], []];
    for (let round = 1; round <= 5; round++) {
      await until('dormant', () => reports(process, 'dormant').length === round);
      fromDormant!.push((await ping(client, natives[0]!, 1)).firstMs!);
      qualified!.push((await ping(client, natives[1]!, 1)).firstMs!);
      await client.run([globalThis.process.execPath, PROGRAM, 'reset', '--socket', socket]);
    }
    console.log(
      `first replies: ${fromDormant!.join(', ')} ms from dormant, ${qualified!.join(', ')} ms when qualified`,
    );
    // Both addresses of the server were asked at once, and nobody twice: no timer had a part in it.
    expect(reports(process, 'starting').every(({ attempt }) => attempt === 1)).toBe(true);
    // An exchange takes a millisecond or two here; the rest is for code that runs for the first time, on a machine that
    // is busy. The shortest timer that could have had a part runs 1 s.
    expect(Math.min(...fromDormant!) - Math.min(...qualified!)).toBeLessThan(100);
  });

  test('a TCP flow that began from dormant lives: its SYN is not lost, and data goes both ways', async () => {
    const process = await dormant();
    const program = `const s = require('node:net').connect(${PORT}, '${natives[2]!}', () => s.write('hello'));
      s.on('data', (d) => console.log(String(d), s.localAddress)); s.on('error', (e) => console.log(e.message));`;
    const from = performance.now();
    const said = await client.run([globalThis.process.execPath, '-e', program], 20_000);
    console.log(`TCP from dormant: ${Math.round(performance.now() - from)} ms with the start of the program`);
    const [{ provisional }] = reports(process, 'dormant') as [{ provisional: string }];
    expect(said).toBe(`HELLO ${provisional}\n`);
  });

  test('idle for long enough: dormant again, and the next packet brings the same address without any rewriting', async () => {
    const process = await dormant('--idle-time', '10');
    expect((await ping(client, natives[0]!, 1)).received).toBe(1);
    await process.printed(/"type":"dormant"[\s\S]*"type":"dormant"/, 40_000);
    expect((await ping(client, natives[0]!, 1)).received).toBe(1);
    await process.printed(/("type":"qualified"[\s\S]*){2}/);
    const [first, second] = reports(process, 'qualified');
    expect(second).toMatchObject({ address: first!.address });
    expect(reports(process, 'dormant')[1]).toMatchObject({ provisional: first!.address, previous: first!.address });
    expect(await client.run(['ip', '-6', 'address', 'show', 'dev', 'teredo'])).not.toContain('deprecated');
  });
});
