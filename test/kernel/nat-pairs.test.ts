/** RFC 6081 figure 1 on the kernel: real daemons behind NAT nodes of the lab, every pair from cold. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import type { Lan } from '../../src/lab/kernel/lan.ts';
import { Network } from '../../src/lab/kernel/namespaces.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import type { NatName } from '../../src/lab/nats.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { type RunningClient, type ServerAddresses, teredoAddress } from '../support/implementation.ts';
import { reports, startClient, startServer } from '../support/ours.ts';
import { datagramsSent } from '../support/udp-counters.ts';

const SERVER: ServerAddresses = ['203.0.113.1', '203.0.113.2'];
/** Many addresses: two mappings of an address-symmetric NAT hardly ever share one. */
const ADDRESSES = 40;
const PINGS = 3;
/** RFC 4380 §5.2.6: four tries 2 s apart; and what a loaded machine adds. */
const GIVES_UP_S = 20;
/** Four tries, each a direct and an indirect bubble and what RFC 6081 adds for NATs that it may guess. */
const DATAGRAMS_OF_A_PAIR_MAX = 16;
/** What a client sends to its server meanwhile. */
const KEEP_ALIVES_MAX = 4;

/** Ledger F, the table of RFC 6081 figure 1; the columns stand in the order of the rows. */
const table: Readonly<Partial<Record<NatName, string>>> = {
  cone: '444SSSS',
  'address-restricted': '444SSS-',
  'port-restricted': '444PQ--',
  'port-preserving symmetric': 'SSPPQ--',
  'sequential symmetric': 'SSQ----',
  symmetric: 'SS-----',
  'address-symmetric': 'S------',
};
const kinds = Object.keys(table) as NatName[];

describeWith(laboratory, 'RFC 6081 §3, figure 1, on the kernel', () => {
  const network = new Network();
  let internet: Internet;
  /** The clients that begin, and those that are called: one of each behind every kind of NAT. */
  let callers: readonly NatClient[] = [];
  let called: readonly NatClient[] = [];

  beforeAll(async () => {
    internet = await Internet.create(network);
    const host = await internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    await startServer(host, SERVER);
    const clients = (side: 'a' | 'b', prefix: string) =>
      Promise.all(kinds.map((kind, index) => natClient(`${side}-${index + 1}`, kind, `${prefix}${index + 1}`)));
    callers = await clients('a', '192.0.');
    called = await clients('b', '198.51.');
  });
  afterAll(() => network.close());
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => void process.stderr.write(`${await network.report()}\n`));
  });

  async function natClient(name: string, kind: NatName, prefix: string): Promise<NatClient> {
    const count = kind === 'address-symmetric' ? ADDRESSES : 1;
    const external = Array.from({ length: count }, (_, index) => `${prefix}.${index + 1}`);
    const lan = await internet.nat(`${name}-nat`, { kind }, external);
    const host = await lan.host(name);
    // What a client asks its router would be counted with what it sends to peers.
    const process = startClient(host, SERVER, ['--no-port-mapping']);
    return { host, process, address: await teredoAddress(host, process), lan };
  }

  // In each round every client takes part in one pair, so that pairs side by side do not touch.
  for (const round of kinds.keys()) {
    const pairs = kinds.flatMap((from, row) => {
      const column = (row + round) % kinds.length;
      return table[from]![column] === '-' ? [] : [{ from, row, to: kinds[column]!, column }];
    });
    test.each([[pairs.map(({ from, to }) => `${from} > ${to}`).join(', '), pairs]])('%s', async (_, cells) => {
      const results = await Promise.all(
        cells.map(async ({ row, column }) => ping(callers[row]!.host, called[column]!.address, PINGS)),
      );
      const answers = cells.map(({ from, to }, index) => [from, to, results[index]!.received]);
      expect(answers, results.map(({ output }) => output).join('\n')).toEqual(
        cells.map(({ from, to }) => [from, to, PINGS]),
      );
    });
  }

  test('RFC 4380 §5.2.6: a pair without a way ends within the budget of bubbles, and the client says so', async () => {
    const pairs = kinds.flatMap((from, row) =>
      kinds.flatMap((to, column) => (table[from]![column] === '-' ? [{ from, row, to, column }] : [])),
    );
    const hosts = callers.map(({ host }) => host);
    const before = await Promise.all(hosts.map(datagramsSent));
    const results = await Promise.all(
      // A ping ends with its first error, which comes after the last try; errors themselves are limited in rate.
      pairs.map(({ row, column }) =>
        hosts[row]!.runToEnd(['ping', '-6', '-n', '-c', '1', '-w', String(GIVES_UP_S), called[column]!.address]),
      ),
    );
    const after = await Promise.all(hosts.map(datagramsSent));

    for (const [index, { from, row, to, column }] of pairs.entries()) {
      const { stdout } = results[index]!;
      expect(stdout, `${from} > ${to}`).toMatch(/ 0 received, \+\d+ errors/);
      expect(stdout, `${from} > ${to}`).toContain('Destination unreachable: Address unreachable');
      const unreachable = reports(callers[row]!.process, 'peer-unreachable').map(({ peer }) => peer);
      expect(unreachable, `${from} > ${to}`).toContain(called[column]!.address);
    }
    for (const [row, from] of kinds.entries()) {
      const hopeless = [...table[from]!].filter((how) => how === '-').length;
      expect(after[row]! - before[row]!, from).toBeLessThanOrEqual(
        hopeless * DATAGRAMS_OF_A_PAIR_MAX + KEEP_ALIVES_MAX,
      );
    }
  });

  test('the NATs are what they are called', async () => {
    for (const [row, kind] of kinds.entries()) {
      const { process } = callers[row]!;
      await process.printed(/"type":"nat-identified"/);
      const nat = kind.includes('symmetric') ? 'symmetric' : kind;
      expect(reports(process, 'nat-identified'), kind).toMatchObject([{ nat }]);
    }
  });
});

interface NatClient extends RunningClient {
  readonly lan: Lan;
}
