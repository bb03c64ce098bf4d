import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Mark, readRecords, type TapRecord } from '../../src/daemon/tap/record.ts';
import { run } from '../../src/lab/kernel/commands.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { findings } from '../support/capture.ts';
import { ask, begin, type LookedAtClient, LookedAtIsland, NATIVE } from '../support/looked-at.ts';
import { transfer } from '../support/transfer.ts';

describeWith([...laboratory, 'tshark'], 'teredo capture', () => {
  let island: LookedAtIsland;
  let client: LookedAtClient;

  beforeAll(async () => {
    island = await LookedAtIsland.create();
    client = await island.client('client', '198.51.100.1');
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => void process.stderr.write(`${await island.network.report()}\n`));
  });
  afterAll(() => island?.network.close());

  test('qualification, ping and a transfer: no frame is malformed, and each tells its role in the story', async () => {
    const file = join(island.network.directory, 'capture.pcapng');
    const capture = begin(client, 'capture', file);
    await capture.printed(/capturing at/);
    await ask(client, 'reset');
    await until('the client again', async () => (await ask(client, 'status')).status === 0);
    const { received, output } = await ping(client.host, NATIVE, 3);
    expect(received, output).toBe(3);
    const { sent, received: arrived } = await transfer(client.host, island.native, NATIVE, 1_000_000);
    expect(arrived).toEqual(sent);
    expect(await capture.stop('SIGINT')).toBe('exit status 0');
    expect(capture.output).toMatch(/[\d,]+ packets captured, none lost/);

    expect(await findings(file)).toEqual([]);
    const rows = (await run(['tshark', '-r', file, '-T', 'fields', '-e', '_ws.col.Protocol', '-e', 'frame.comment']))
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t') as [string, string]);
    const told = rows.filter(([, comment]) => comment !== '');
    expect(told.length).toBeGreaterThan(0.99 * rows.length);
    const comments = told.map(([, comment]) => comment).join('\n');
    for (const sentence of [
      /asks|solicit/,
      /connectivity test/,
      /hands the bubble on/,
      /TCP data for .* enters the tunnel/,
    ]) {
      expect(comments).toMatch(sentence);
    }
    // Both sides: 1,000,000 octets are hundreds of datagrams, and as many packets, however they came from the kernel.
    for (const filter of ['udp && tcp.len > 1000', '!udp && tcp.len > 1000']) {
      const seen = await run(['tshark', ...['--enable-heuristic=teredo_udp'], '-r', file, '-Y', filter]);
      expect(seen.split('\n').length, filter).toBeGreaterThan(700);
    }
  });

  test('--count, --snap, --peer, --only: as much as was asked for', async () => {
    const file = join(island.network.directory, 'small.pcapng');
    const flags = ['--count', '3', '--snap', '100', '--peer', NATIVE, '--only', 'udp'];
    const capture = begin(client, 'capture', file, ...flags);
    await capture.printed(/capturing at/);
    await ping(client.host, NATIVE, 3);
    await until('the end of the capture', () => !capture.running);
    expect(capture.output).toContain('3 packets captured, none lost');
    const text = await run(['tshark', '-r', file, '-T', 'fields', '-e', 'frame.len', '-e', 'frame.cap_len']);
    // 104 octets of IPv6 and ICMPv6, and 28 of IPv4 and UDP; the latter are ours, and never cut.
    expect(text).toBe('132\t128\n'.repeat(3));
  });

  test('--json: one object for each packet', async () => {
    const program = begin(client, 'capture', '--json', '--count', '2', '--only', 'tun');
    await until('somebody who looks', async () => {
      await ping(client.host, NATIVE, 1);
      return !program.running;
    });
    const lines = program.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ schemaVersion: 1, type: 'packet', role: 'client', direction: 'out' });
    expect(lines.map(({ kind }) => kind)).toEqual(['echo request', 'echo reply']);
  });

  test('a reader that does not read: what it misses is counted, and the tunnel goes on; gone, it leaves no trace', async () => {
    const slow = await open(client.socket, '/v1/capture');
    const { sent, received } = await transfer(client.host, island.native, NATIVE, 20_000_000);
    expect(received).toEqual(sent);
    const { records, lost } = await readOn(slow);
    expect(records).toBeGreaterThan(100);
    expect(lost).toBeGreaterThan(100);
    slow.destroy();
    // Each of eight places is free again, as often as it was taken.
    for (let turn = 0; turn < 12; turn++) (await open(client.socket, '/v1/capture?side=udp')).destroy();
    await until('a free place', async () => (await status(client.socket, '/v1/capture')) === 200);
    const { received: answers, output } = await ping(client.host, NATIVE, 2);
    expect(answers, output).toBe(2);
    expect((await ask(client, 'status')).status).toBe(0);
  });
});

function open(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, agent: false }, resolve).once('error', reject).end();
  });
}

async function status(socketPath: string, path: string): Promise<number | undefined> {
  const response = await open(socketPath, path);
  response.destroy();
  return response.statusCode;
}

/** Reads what waited; how many records came, and how many were told to be lost. */
async function readOn(response: IncomingMessage): Promise<{ records: number; lost: number }> {
  let rest = Buffer.alloc(0);
  let records = 0;
  let lost = 0;
  const count = (_: TapRecord) => void records++;
  const tellLost = (mark: Mark) => {
    lost = mark.lost;
  };
  response.on('data', (part: Buffer) => {
    rest = Buffer.concat([rest, part]);
    rest = Buffer.from(rest.subarray(readRecords(rest, count, tellLost)));
  });
  await until('what waited', () => lost > 0 && records > 100);
  return { records, lost };
}
