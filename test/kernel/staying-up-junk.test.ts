/** Reliability: strangers send as much as they can of all that is wrong, and who has a right to service has it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import {
  junkForClient,
  junkForRelay,
  junkForServer,
  lines,
  REFUSED_RANGES,
  teredoDestinations,
} from '../support/junk.ts';
import { reports } from '../support/ours.ts';
import { holdings, numbers, SERVER, SmallIsland, tell } from '../support/staying-up.ts';

const BLAST = fileURLToPath(new URL('../support/blast-helper.mjs', import.meta.url));
const ATTACKER = '203.0.113.66';
const RELAY_PORT = 3_545;
const CLIENT_PORT = 40_123;
const CLIENT_OUTSIDE = `198.51.100.7:${CLIENT_PORT}`;
const WARM_UP_MS = 3_000;
const LOAD_MS = 6_000;
/** A solicitation is repeated after 4 s (RFC 4380 §5.2.1): within one retry. */
const RETRY_MS = 4_500;
/** Of each kind of entry 60 lines in a minute, and two minutes may have a part in it. */
const LINES_MAX = 130;

describeWith(laboratory, 'A flood of junk', () => {
  const island = new SmallIsland();
  const clients: { host: Namespace; process: Process }[] = [];
  let attacker: Namespace;
  let native: Namespace;

  beforeAll(async () => {
    await island.open();
    await island.relayProcess.stop();
    island.relayProcess = await island.start(island.relay, ['relay', '--port', String(RELAY_PORT)]);
    // One that any datagram reaches, and one that only those reach whom it has written to.
    for (const [name, ipv4, kind] of [
      ['open', '198.51.100.7', 'full cone'],
      ['strict', '198.51.100.8', 'masquerade'],
    ] as const) {
      const [host] = await island.hostBehindNat(name, ipv4, kind);
      const options = ['--no-local-discovery', '--without', 'upnp-symmetric-nat', '--port', String(CLIENT_PORT)];
      clients.push({ host, process: await island.client(host, ...options) });
    }
    attacker = await island.internet.host('attacker', { ipv4: [ATTACKER] });
    // It says that it is the server.
    await attacker.ip(`address add ${SERVER[0]}/32 dev lo`, `route add ${SERVER[1]}/32 via 203.0.113.254 dev wan`);
    native = await island.internet.hostBehind('native-attacker', island.relay, '2001:db8:1::66');
    for (const [host, port] of watched()) {
      const own = host === island.server ? `ip daddr { ${SERVER.join(', ')} } udp dport 3544 counter` : '';
      await host.nft(`
        table ip watch {
          chain output {
            type filter hook output priority 0
            udp sport ${port} counter comment "all"
            udp sport ${port} ip daddr { ${REFUSED_RANGES} } counter
            ${own}
          }
        }`);
    }
  });
  afterAll(() => island.close());

  const watched = () =>
    [[island.server, 3_544], [island.relay, RELAY_PORT], ...clients.map(({ host }) => [host, CLIENT_PORT])] as [
      Namespace,
      number,
    ][];

  function blast(from: Namespace, to: string, port: number, name: string, content: string, ms: number, bound: string) {
    const file = join(island.network.directory, `${name}.junk`);
    writeFileSync(file, content);
    return from.start([process.execPath, BLAST, to, String(port), `file:${file}`, String(ms), bound], name);
  }

  /** All floods at once; gives how many datagrams and packets were sent. */
  async function flood(ms: number): Promise<number> {
    const source = `${ATTACKER}:7777`;
    const destinations = teredoDestinations(SERVER[0], 100_000, ms);
    const blasts = [
      blast(attacker, SERVER[1], 3_544, 'to-server', lines(junkForServer(SERVER, source)), ms, source),
      blast(
        attacker,
        '198.51.100.7',
        CLIENT_PORT,
        'to-client',
        lines(junkForClient(SERVER[0], CLIENT_OUTSIDE)),
        ms,
        `${SERVER[0]}:3544`,
      ),
      blast(
        attacker,
        '203.0.113.9',
        RELAY_PORT,
        'to-relay',
        lines(junkForRelay(SERVER[0], `${ATTACKER}:7778`)),
        ms,
        `${ATTACKER}:7778`,
      ),
      blast(
        native,
        '2001:db8::1',
        5_000,
        'by-relay',
        destinations.map((to) => `${to} 00112233`).join('\n'),
        ms,
        ':::0',
      ),
    ];
    const totals = await Promise.all(blasts.map((one) => one.printed(/\{.*\}/, ms + 20_000)));
    return totals.reduce((sum, [text]) => sum + (JSON.parse(text) as { taken: number }).taken, 0);
  }

  test('qualification and traffic go on, memory and log stay small, nothing goes where it must not', async () => {
    const all = [island.serverProcess, island.relayProcess, ...clients.map(({ process }) => process)];
    // Tables fill to their bounds once.
    await flood(WARM_UP_MS);
    const before = all.map(({ pid, output }) => ({ ...holdings(pid), log: output.length }));
    const received = await datagramsReceived();
    const outcomes: boolean[] = [];
    let isOver = false;
    const flooding = flood(LOAD_MS).then((count) => {
      isOver = true;
      return count;
    });
    while (!isOver) outcomes.push(...(await Promise.all(clients.map(serves))));
    const sent = await flooding;
    const after = all.map(({ pid, output }) => ({ ...holdings(pid), log: output.length }));

    const good = outcomes.filter(Boolean).length;
    tell(
      `junk: ${Math.round(sent / (LOAD_MS / 1_000))} a second; ${good} of ${outcomes.length} qualified and got an answer`,
    );
    tell(`junk: the processes read ${(await datagramsReceived()) - received} datagrams`);
    expect(outcomes.length).toBeGreaterThan(3);
    expect(good / outcomes.length).toBeGreaterThanOrEqual(0.95);
    for (const [index, process] of all.entries()) {
      const [was, is] = [before[index]!, after[index]!];
      // What is told of the clients that begin anew is no junk's doing.
      const told = process.output
        .slice(was.log)
        .split('\n')
        .filter((line) => !/"type":"(qualified|starting|off-line|nat-|peer-trusted|refresh)/.test(line))
        .join('\n');
      tell(`junk: ${process.title}: ${was.mib} > ${is.mib} MiB, ${told.length} octets of log`);
      expect(process.running).toBe(true);
      expect(is.descriptors - was.descriptors).toBeLessThan(3);
      expect(is.mib - was.mib, process.title).toBeLessThan(32);
      expect(told.split('\n').length, told.slice(0, 3_000)).toBeLessThan(LINES_MAX);
    }
    for (const [host] of watched()) {
      const rules = await host.run(['nft', 'list', 'table', 'ip', 'watch']);
      const counters = [...rules.matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count));
      expect(counters.shift(), `${host.name}: all that it sent`).toBeGreaterThan(0);
      expect(counters.length, rules).toBeGreaterThan(0);
      expect(
        counters.every((count) => count === 0),
        `${host.name}: ${rules}`,
      ).toBe(true);
    }
  });

  async function datagramsReceived(): Promise<number> {
    let sum = 0;
    for (const [host] of watched()) sum += (await numbers(island, host)).counters.datagramsReceived!;
    return sum;
  }

  /** A client begins anew: it is qualified within one retry, and an echo is answered at the second try at the latest. */
  async function serves({ host, process }: { host: Namespace; process: Process }): Promise<boolean> {
    const had = reports(process, 'qualified').length;
    await island.ask(host, '/v1/reset', 'POST');
    try {
      await until('a qualification', () => reports(process, 'qualified').length > had, RETRY_MS);
    } catch {
      tell(`junk: ${host.name} was not qualified in time`);
      return false;
    }
    const { received, output } = await ping(host, island.nativeAddress, 2);
    if (received === 0) tell(`junk: ${output}`);
    return received > 0;
  }
});
