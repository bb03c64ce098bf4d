/** Reliability: the process is held up, refused, flooded with changes, and goes on. Each test prints how soon. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { PROGRAM, startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { reports } from '../support/ours.ts';
import { holdings, numbers, recovery, SERVER, SmallIsland, tell } from '../support/staying-up.ts';
import { SteadyPing } from '../support/steady-ping.ts';

const BLAST = fileURLToPath(new URL('../support/blast-helper.mjs', import.meta.url));
/** More small datagrams than 16 MiB of receive buffer hold, at some 770 octets of the kernel's memory each. */
const BURST = 40_000;
const RESETS = 60;
const FLIPS = 10_000;

describeWith(laboratory, 'The process is kept from its work', () => {
  const island = new SmallIsland();
  let host: Namespace;

  beforeAll(async () => {
    await island.open();
    [host] = await island.hostBehindNat('client', '198.51.100.7', 'masquerade');
  });
  afterEach(() =>
    Promise.all(island.network.processes.filter(({ title }) => /client|ping/.test(title)).map((one) => one.stop())),
  );
  afterAll(() => island.close());

  async function steady(): Promise<SteadyPing> {
    const echoes = new SteadyPing(host, island.nativeAddress);
    await until('the first answers', () => echoes.last > 3);
    return echoes;
  }

  test('row 1: relay and client stand still for 1 s and for 5 s at load, then packets go on', async () => {
    const client = await island.client(host);
    const load = ['ping', '-6', '-n', '-q', '-i', '0.002', '-s', '1000', island.nativeAddress];
    const flood = host.start(load, 'ping at load');
    const echoes = await steady();
    for (const [who, pid] of [
      ['client', client.pid],
      ['relay', island.relayProcess.pid],
    ] as const) {
      for (const seconds of who === 'client' ? [1, 5] : [5]) {
        process.kill(pid, 'SIGSTOP');
        await delay(1_000 * seconds);
        process.kill(pid, 'SIGCONT');
        expect(await recovery(`row 1: ${who} stood still for ${seconds} s`, echoes)).toBeLessThan(2_000);
      }
    }
    expect(reports(client, 'off-line')).toEqual([]);
    await flood.stop('SIGINT');
  });

  test('row 2: what the receive buffer could not hold is counted, to the last datagram', async () => {
    const before = await numbers(island, island.server);
    const { pid } = island.serverProcess;
    process.kill(pid, 'SIGSTOP');
    const blast = await host.run([process.execPath, BLAST, SERVER[0], '3544', String(BURST)], 60_000);
    const { taken } = JSON.parse(blast.split('\n')[1]!) as { taken: number };
    await delay(200);
    process.kill(pid, 'SIGCONT');
    const from = performance.now();
    const grown = async (name: string) => {
      const { counters } = await numbers(island, island.server);
      return counters[name]! - before.counters[name]!;
    };
    await until(
      'all that was held',
      async () => (await grown('datagramsReceived')) + (await grown('datagramsOverflowed')) === taken,
      10_000,
    );
    const lost = await grown('datagramsOverflowed');
    tell(`row 2: of ${taken} datagrams ${lost} were lost, and counted; done after ${elapsed(from)} ms`);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(taken);
    const text = await island.server.run([
      process.execPath,
      PROGRAM,
      'status',
      '--socket',
      island.socket(island.server),
    ]);
    expect(text).toMatch(/overflowed +[\d,]+ datagrams found the receive buffer full/);
    await island.client(host);
  });

  test('rows 3, 6: whatever the system says to a send, it is counted by name, and other peers lose nothing', async () => {
    await island.client(host);
    const other = await island.internet.host('other', { ipv4: ['203.0.113.50'] });
    const dead = startTeredo(other, ['client', SERVER[0], '--json', '--no-control']);
    await dead.printed(/"type":"qualified"/);
    const [{ address }] = reports(dead, 'qualified') as [{ address: string }];
    expect((await ping(island.native, address, 2)).received).toBe(2);
    const echoes = await steady();
    const begun = echoes.last;
    const toDead = new SteadyPing(island.native, address);
    const { relay } = island;
    const counted = async (name: string, make: () => Promise<void>, undo: () => Promise<void>) => {
      const was = (await numbers(island, relay)).errors[name] ?? 0;
      await make();
      const from = performance.now();
      await until(name, async () => ((await numbers(island, relay)).errors[name] ?? 0) > was, 10_000);
      await undo();
      expect(await recovery(`row 3: ${name} counted after ${elapsed(from)} ms, and undone`, toDead)).toBeLessThan(
        9_000,
      );
    };
    const table = 'table ip no { chain output { type filter hook output priority 0; ip daddr 203.0.113.50 drop; }; }';
    await counted(
      'EPERM',
      () => relay.nft(table),
      () => relay.nft('delete table ip no'),
    );
    for (const [name, type] of [
      ['ENETUNREACH', 'throw'],
      ['EHOSTUNREACH', 'unreachable'],
      ['EACCES', 'prohibit'],
      ['EINVAL', 'blackhole'],
    ] as const) {
      const route = `${type} 203.0.113.50/32`;
      // "throw" leads to the next table: one of its own that knows nothing else.
      const isThrown = type === 'throw';
      const make = () =>
        isThrown
          ? relay.ip(
              'route delete default',
              'route add 198.51.100.0/24 via 203.0.113.254',
              'route add 192.0.2.0/24 via 203.0.113.254',
            )
          : relay.ip(`route add ${route}`);
      const undo = () =>
        isThrown
          ? relay.ip(
              'route add default via 203.0.113.254 dev wan',
              'route delete 198.51.100.0/24',
              'route delete 192.0.2.0/24',
            )
          : relay.ip(`route delete ${route}`);
      await counted(name, make, undo);
    }
    // Nobody listens there any more: its host says so, to each datagram (ICMP, ECONNREFUSED).
    await dead.stop('SIGKILL');
    await delay(1_000);
    expect((await numbers(island, relay)).errors.ECONNREFUSED ?? 0).toBe(0);
    const { packets, seconds } = echoes.lost(begun, echoes.last);
    tell(`row 3: the other peer lost ${packets} echoes in ${(echoes.last - begun) / 10} s (${seconds} s)`);
    expect(packets).toBe(0);
    expect(island.relayProcess.running).toBe(true);
  });

  test('row 5: resets and flips of addresses and links leave descriptors, threads and memory as they were', async () => {
    const client = await island.client(host);
    const qualified = () => reports(client, 'qualified').length;
    const again = async (times: number) => {
      for (let time = 0; time < times; time++) {
        const had = qualified();
        await island.ask(host, '/v1/reset', 'POST');
        await until('the next qualification', () => qualified() > had, 10_000);
      }
    };
    // An address that comes and goes is one message of the kernel each; a link takes longer.
    const flip = ['address add 10.9.8.7/32 dev lan', 'address delete 10.9.8.7/32 dev lan'];
    const all = Array.from({ length: FLIPS }, () => flip).flat();
    const links = Array.from({ length: 50 }, () => ['link set lan down', 'link set lan up']).flat();
    const round = async () => {
      await again(RESETS);
      await host.ip(...all);
      await host.ip(...links, 'route replace default via 192.168.1.1 dev lan');
      const echoes = new SteadyPing(host, island.nativeAddress);
      await recovery(`row 5: ${RESETS} resets, ${FLIPS} flips of an address and 50 of the link`, echoes);
      await echoes.process.stop('SIGINT');
      return settled(client.pid);
    };
    // The first round fills what is kept for good: compiled code, buffers, the last reports.
    const before = await round();
    const after = await round();
    tell(`row 5: one more round: ${JSON.stringify(before)} > ${JSON.stringify(after)}`);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.threads).toBe(before.threads);
    expect(after.mib - before.mib).toBeLessThan(16);
    const rows = await host.ask<{ addr_info: unknown[] }[]>('-6', 'address', 'show', 'dev', 'teredo');
    expect(rows.flatMap(({ addr_info }) => addr_info)).toHaveLength(2);
  });

  test('row 15: the TUN interface is deleted: the process ends with status 3, and its successor is there soon', async () => {
    const first = await island.client(host);
    await host.ip('link delete teredo');
    const from = performance.now();
    await until('the end', () => !first.running);
    expect(first.ending).toBe('exit status 3');
    const next = await island.client(host);
    expect(reports(next, 'qualified')[0]!.address).toBe(reports(first, 'qualified')[0]!.address);
    tell(`row 15: deleted interface: ended, started again and qualified after ${elapsed(from)} ms`);
  });

  test('row 19: a mistake of our own on one datagram costs that datagram, not the process', async () => {
    // Every datagram that begins so meets a mistake.
    const mistake = `
      import { isMainThread } from 'node:worker_threads';
      if (!isMainThread) {
        const { Relay } = await import('${new URL('../../dist/roles/relay/relay.js', import.meta.url).href}');
        const receive = Relay.prototype.receive;
        Relay.prototype.receive = function (batch, now) {
          for (let slot = 0; slot < batch.count; slot++) {
            if (batch.length[slot] === 13) { batch.length[slot] = 0; throw new Error('a mistake'); }
          }
          return receive.call(this, batch, now);
        };
      }`;
    await island.relayProcess.stop();
    const relay = startTeredo(
      island.relay,
      ['relay', '--json', '--control-socket', island.socket(island.relay), '--port', '3545'],
      mistake,
    );
    await relay.printed(/"type":"ready"/);
    await island.client(host);
    const echoes = await steady();
    await host.run([process.execPath, BLAST, '203.0.113.9', '3545', '50', '00'.repeat(13)]);
    await relay.printed(/TD-FAULT.*a mistake/);
    expect(await recovery('row 19: 50 mistakes survived', echoes)).toBeLessThan(1_000);
    expect((await numbers(island, island.relay)).counters.faults).toBeGreaterThan(0);
    // Told now and then, not each time.
    expect(relay.output.match(/TD-FAULT/g)!.length).toBeLessThan(3);
    await relay.stop();
    await island.start(island.relay, ['relay']);
  });

  test('row 23: a log pipe that nobody reads, and one that is closed, are no reason to stop', async () => {
    for (const reader of ['sleep 100', 'head -1']) {
      // The shell's own pid is not the client's: it says it.
      const script = `trap '' PIPE; exec 3>&1; { sh -c 'echo pid $$ >&3; exec "$0" "$@"' "$@"; } | ${reader} >&3 & wait`;
      const command = [
        process.execPath,
        PROGRAM,
        'client',
        SERVER[0],
        '--json',
        '--control-socket',
        island.socket(host),
      ];
      const shell = host.start(['sh', '-c', script, 'sh', ...command], 'client with a pipe');
      const pid = Number((await shell.printed(/pid (\d+)/))[1]);
      const qualified = async () => (await numbers(island, host)).state === 'qualified';
      await until('a qualified client', async () => qualified().catch(() => false));
      for (let time = 0; time < 20; time++) await island.ask(host, '/v1/reset', 'POST');
      const from = performance.now();
      await until('a qualified client', qualified);
      tell(`row 23: log into "${reader}": qualified ${elapsed(from)} ms after 20 resets`);
      expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).not.toBe('');
      process.kill(pid, 'SIGTERM');
      await until('the end of the client', () => !isAlive(pid), 10_000);
      await shell.stop('SIGKILL');
    }
  });
});

function elapsed(from: number): number {
  return Math.round(performance.now() - from);
}

/** The least of some looks: what is being collected is not counted. */
async function settled(pid: number) {
  let least = holdings(pid);
  for (let look = 0; look < 8; look++) {
    await delay(200);
    const now = holdings(pid);
    least = {
      descriptors: Math.min(least.descriptors, now.descriptors),
      threads: Math.min(least.threads, now.threads),
      mib: Math.min(least.mib, now.mib),
    };
  }
  return least;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
