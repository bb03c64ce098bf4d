/** Clients behind the kernel's own NATs, ours with ours and ours with Miredo: from cold, and 50 MB each way. */
import { expect, test } from 'vitest';
import type { KernelNat } from '../../src/lab/kernel/kernel-nat.ts';
import { ping } from '../../src/lab/kernel/ping.ts';
import { type Implementation, type RunningClient, teredoAddress } from '../support/implementation.ts';
import { miredo } from '../support/miredo.ts';
import { ours, reports, startClient } from '../support/ours.ts';
import { datagramsSent } from '../support/udp-counters.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

interface Side {
  readonly by: Implementation;
  readonly nat: KernelNat;
}

/** `from` begins. Masquerade with masquerade is in `clients.test.ts`, with every mixture of servers. */
const pairs: readonly { readonly from: Side; readonly to: Side }[] = [
  { from: { by: ours, nat: 'masquerade random' }, to: { by: ours, nat: 'full cone' } },
  { from: { by: ours, nat: 'full cone' }, to: { by: ours, nat: 'masquerade random' } },
  { from: { by: miredo, nat: 'full cone' }, to: { by: ours, nat: 'masquerade random' } },
  { from: { by: ours, nat: 'full cone' }, to: { by: miredo, nat: 'masquerade random' } },
  { from: { by: miredo, nat: 'full cone' }, to: { by: miredo, nat: 'masquerade random' } },
];

/**
 * The other order: whoever is behind the symmetric NAT begins, and one of the two is Miredo. It answers no bubble but to
 * the mapping that its server saw, where the symmetric NAT lets nobody else in. Miredo does no better with its own kind.
 */
const oneWay: typeof pairs = [
  { from: { by: miredo, nat: 'masquerade random' }, to: { by: miredo, nat: 'full cone' } },
  { from: { by: miredo, nat: 'masquerade random' }, to: { by: ours, nat: 'full cone' } },
  { from: { by: ours, nat: 'masquerade random' }, to: { by: miredo, nat: 'full cone' } },
];

/** Four tries, each a direct and an indirect bubble, and what RFC 6081 adds for NATs that it may guess. */
const DATAGRAMS_OF_A_PAIR_MAX = 16;
/** What a client says to its server meanwhile. */
const KEEP_ALIVES_MAX = 3;

describeOnIsland('RFC 6081 with the NATs of the Linux kernel', (island) => {
  let number = 0;
  const client = ({ by, nat }: Side): Promise<RunningClient> => island().client(by, ours, ++number, nat);

  for (const { from, to } of pairs) {
    test(`${from.by.name} behind ${from.nat} reaches ${to.by.name} behind ${to.nat}`, async () => {
      const [a, b] = await Promise.all([client(from), client(to)]);
      await expectPingFromCold(a, b);
      await expectTransferBothWays(a, b);
    });
  }

  for (const { from, to } of oneWay) {
    test.concurrent(`${from.by.name} behind ${from.nat} cannot begin with ${to.by.name} behind ${to.nat}`, async () => {
      const [a, b] = await Promise.all([client(from), client(to)]);
      const result = await ping(a.host, b.address);
      expect(result.received, result.output).toBe(0);
    });
  }

  const hopeless = [
    ['masquerade random', 'masquerade'],
    ['masquerade', 'masquerade random'],
  ] as const;
  for (const [from, to] of hopeless) {
    test.concurrent(`${from} to ${to} has no way: it ends soon, says so, and costs the peer nothing`, async () => {
      const server = await island().server(ours);
      const [a, b] = await Promise.all(
        [from, to].map(async (nat) => {
          const ordinal = ++number;
          const host = await island().internet.hostBehindNat(`quiet-${ordinal}`, `198.51.100.${100 + ordinal}`, nat);
          // What a client does in the background would be counted with the rest.
          const process = startClient(host, server, ['--no-nat-identification', '--no-port-mapping']);
          return { host, process, address: await teredoAddress(host, process) };
        }),
      );
      const before = await Promise.all([a!, b!].map(({ host }) => datagramsSent(host)));
      const { stdout } = await a!.host.runToEnd(['ping', '-6', '-n', '-c', '1', '-w', '20', b!.address]);
      const after = await Promise.all([a!, b!].map(({ host }) => datagramsSent(host)));

      expect(stdout).toContain('Destination unreachable: Address unreachable');
      expect(reports(a!.process, 'peer-unreachable')).toMatchObject([{ peer: b!.address }]);
      for (const [index, sent] of after.entries()) {
        expect(sent - before[index]!).toBeLessThanOrEqual(DATAGRAMS_OF_A_PAIR_MAX + KEEP_ALIVES_MAX);
      }
      expect(reports(b!.process, 'off-line')).toEqual([]);
    });
  }
});
