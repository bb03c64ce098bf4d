/** Reliability: the network under a client or a server changes, and packets go on. Each test prints how soon. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { reports } from '../support/ours.ts';
import { numbers, recovery, SERVER, SmallIsland, tell } from '../support/staying-up.ts';
import { SteadyPing } from '../support/steady-ping.ts';
import { transfer } from '../support/transfer.ts';

/** The shortest that may be configured. */
const REFRESH_S = 5;
const WAY_OUT = 'route replace default via 192.168.1.1 dev lan';
/** How long a NAT keeps a mapping, in s. */
const USUAL_TIMEOUTS = {
  'net.netfilter.nf_conntrack_udp_timeout': 30,
  'net.netfilter.nf_conntrack_udp_timeout_stream': 120,
};

const HOLE = `
  table ip hole {
    chain forward {
      type filter hook forward priority 0
      meta l4proto udp meta length > 1300 drop
      ip frag-off & 0x3fff != 0 drop
    }
  }
`;

describeWith(laboratory, 'The network changes', () => {
  const island = new SmallIsland();
  let host: Namespace;
  let nat: Namespace;
  let process: Process;

  beforeAll(async () => {
    await island.open();
    [host, nat] = await island.hostBehindNat('client', '198.51.100.7', 'masquerade random');
  });
  // One that failed leaves nothing to those that follow.
  afterEach(async () => {
    const mine = island.network.processes.filter(({ title }) => /client/.test(title));
    await Promise.all(mine.map((one) => one.stop()));
    await host.ip('address flush dev lan', 'address add 192.168.1.2/24 dev lan', 'link set lan up', WAY_OUT);
    await nat.ip('link set wan mtu 1500');
    await nat.sysctl(USUAL_TIMEOUTS);
  });
  afterAll(() => island.close());

  /** A qualified client from which echoes go to the native host, and come back. */
  async function steady(...options: readonly string[]): Promise<SteadyPing> {
    process = await island.client(host, ...options);
    const echoes = new SteadyPing(host, island.nativeAddress);
    await until('the first answers', () => echoes.last > 3);
    return echoes;
  }

  const addresses = () => reports(process, 'qualified').map(({ address }) => address);

  test('row 11: the interface of the host goes down and comes up again', async () => {
    const echoes = await steady();
    await host.ip('link set lan down');
    await delay(1_000);
    expect((await numbers(island, host)).errors.ENETUNREACH).toBeGreaterThan(0);
    await host.ip('link set lan up', WAY_OUT);
    expect(await recovery('row 11: interface down for 1 s, and up', echoes)).toBeLessThan(2_000);
    expect(process.running).toBe(true);
  });

  test('row 12: the host has another address: what it is reached by outside has changed', async () => {
    const echoes = await steady();
    await host.ip('address delete 192.168.1.2/24 dev lan', 'address add 192.168.1.3/24 dev lan');
    await host.ip(WAY_OUT);
    expect(await recovery('row 12: another address of the host', echoes)).toBeLessThan(2_000);
    await until('the new address', () => addresses().length > 1);
    expect(new Set(addresses()).size).toBe(2);
    // Its way out may come later than its address.
    await host.ip('address delete 192.168.1.3/24 dev lan', 'address add 192.168.1.2/24 dev lan');
    await delay(1_500);
    await host.ip(WAY_OUT);
    expect(await recovery('row 12: address first, route 1.5 s later', echoes)).toBeLessThan(3_000);
  });

  test('row 12: a server loses its address and gets it back', async () => {
    process = await island.client(host);
    await island.server.ip(`address delete ${SERVER[0]}/32 dev wan`);
    await delay(300);
    await island.server.ip(`address add ${SERVER[0]}/32 dev wan`, 'route replace default via 203.0.113.254 dev wan');
    const from = performance.now();
    await island.ask(host, '/v1/reset', 'POST');
    await until('a qualification after it', () => addresses().length > 1, 20_000);
    const tookMs = Math.round(performance.now() - from);
    tell(`row 12: the server's address is back: a client is qualified after ${tookMs} ms`);
    expect(tookMs).toBeLessThan(5_000);
    expect(island.serverProcess.running).toBe(true);
  });

  test('row 13: the NAT forgets: another mapping is known within a refresh interval, and used', async () => {
    const echoes = await steady('--refresh-interval', String(REFRESH_S));
    // Whose interface goes down forgets all that went out by it.
    await nat.ip('link set wan down', 'link set wan up');
    await nat.ip('route add 203.0.113.254 dev wan', 'route add default via 203.0.113.254 dev wan');
    await recovery('row 13: the NAT has rebooted', echoes);
    const from = performance.now();
    await until('the new mapping', () => new Set(addresses()).size === 2, 20_000);
    const tookMs = Math.round(performance.now() - from);
    tell(`row 13: another mapping was known ${tookMs} ms later`);
    expect(tookMs).toBeLessThan(1_000 * REFRESH_S + 1_000);
    expect(await recovery('row 13: with the new mapping', echoes)).toBeLessThan(2_000);
  });

  test('row 9: after a sleep longer than the mapping lives, the first thing is to ask again', async () => {
    await nat.sysctl({
      'net.netfilter.nf_conntrack_udp_timeout': 2,
      'net.netfilter.nf_conntrack_udp_timeout_stream': 2,
    });
    const echoes = await steady('--refresh-interval', String(REFRESH_S));
    globalThis.process.kill(process.pid, 'SIGSTOP');
    await delay(1_000 * REFRESH_S + 1_000);
    globalThis.process.kill(process.pid, 'SIGCONT');
    // The clock of the boot went on; that of Node would not have, in a real sleep.
    expect(await recovery('row 9: asleep for 6 s', echoes)).toBeLessThan(2_000);
    await until('the new mapping', () => new Set(addresses()).size === 2, 5_000);
  });

  test('row 14: a narrow link on the way, and a hole for long datagrams: TCP arrives', async () => {
    process = await island.client(host);
    const [address] = addresses() as string[];
    // DF is clear: routers cut what is too long for a link.
    await nat.ip('link set wan mtu 1280');
    const narrow = await transfer(host, island.native, island.nativeAddress, 1_000_000);
    tell(`row 14: over a link of 1280 octets: ${narrow.megabitsPerSecond.toFixed(1)} Mbit/s`);
    expect(narrow.received).toEqual(narrow.sent);
    const back = await transfer(island.native, host, address!, 1_000_000);
    expect(back.received).toEqual(back.sent);
    await nat.ip('link set wan mtu 1500');
    // One long message that stands for many datagrams would be measured as one.
    await host.run(['ethtool', '-K', 'lan', 'gso', 'off', 'tx-udp-segmentation', 'off']);
    await island.relay.run(['ethtool', '-K', 'wan', 'gso', 'off', 'tx-udp-segmentation', 'off']);
    await nat.nft(HOLE);
    // RFC 4821: hosts that look for the size that fits find it. Nothing a tunnel sees tells it more.
    for (const end of [host, island.native]) await end.sysctl({ 'net.ipv4.tcp_mtu_probing': 2 });
    for (const [from, to, at] of [
      [host, island.native, island.nativeAddress],
      [island.native, host, address!],
    ] as const) {
      const through = await transfer(from, to, at, 100_000);
      tell(`row 14: past a hole for more than 1300 octets: ${through.megabitsPerSecond.toFixed(2)} Mbit/s`);
      expect(through.received).toEqual(through.sent);
    }
    await nat.nft('delete table ip hole');
  });
});
