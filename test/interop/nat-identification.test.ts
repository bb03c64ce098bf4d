/** Our client tells which NAT of the Linux kernel it is behind. */
import { expect, test } from 'vitest';
import type { KernelNat } from '../../src/lab/kernel/kernel-nat.ts';
import { miredo } from '../support/miredo.ts';
import { ours, reports, startClient } from '../support/ours.ts';
import { describeOnIsland } from './with-island.ts';

const kinds: readonly { kind: KernelNat; type: string }[] = [
  { kind: 'masquerade', type: 'port-restricted' },
  { kind: 'masquerade random', type: 'symmetric' },
  { kind: 'full cone', type: 'cone' },
];

describeOnIsland('RFC 4380 §2.5, §5.2.1: NAT identification on the kernel', (island) => {
  let number = 0;
  for (const server of [ours, miredo]) {
    // Side by side, because most of the time passes waiting for answers that a NAT holds back.
    for (const { kind, type } of kinds) {
      test.concurrent(`${kind} is ${type}, by the server of ${server.name}`, async () => {
        const at = ++number;
        const host = await island().internet.hostBehindNat(`client-${at}`, `198.51.100.${at}`, kind);
        const process = startClient(host, await island().server(server));
        await process.printed(/"type":"nat-identified"/);
        expect(reports(process, 'nat-identified')).toMatchObject([{ nat: type }]);

        await process.printed(/"type":"qualified"/);
        expect(reports(process, 'qualified')).toHaveLength(1);
      });
    }

    test.concurrent(`RFC 4380 alone stays off-line behind masquerade random, by the server of ${server.name}`, async () => {
      const at = ++number;
      const host = await island().internet.hostBehindNat(`client-${at}`, `198.51.100.${at}`, 'masquerade random');
      const process = startClient(host, await island().server(server), ['--without', 'symmetric-nat']);
      await process.printed(/"type":"off-line"/);
      expect(reports(process, 'off-line')).toMatchObject([{ reason: 'symmetric NAT' }]);
    });

    test.concurrent(`a public address is no NAT, by the server of ${server.name}`, async () => {
      const at = ++number;
      const host = await island().internet.host(`client-${at}`, { ipv4: [`198.51.100.${at}`] });
      const process = startClient(host, await island().server(server));
      await process.printed(/"type":"qualified"/);

      expect(reports(process, 'qualified')).toMatchObject([{ nat: 'none' }]);
    });
  }
});
