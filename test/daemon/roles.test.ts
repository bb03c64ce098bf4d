import { expect, test } from 'vitest';
import { Batch } from '../../src/batch/batch.ts';
import type { ServerConfiguration } from '../../src/daemon/configuration/configuration.ts';
import { makeRole } from '../../src/daemon/roles.ts';
import { CASES } from '../../src/roles/case.ts';
import { DROP_REASONS, Drop } from '../../src/roles/drop.ts';
import { serverDefaults } from '../../src/roles/server/server.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import { parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

const NAT = parseIpv4('198.51.100.7')!;

test('a server answers one IPv4 address as often as its configuration says, and twice as often at once', () => {
  expect(answers(undefined, 300)).toBe(serverDefaults.advertisementsBurst);
  expect(answers(20, 300)).toBe(40);
  expect(answers(1_000, 300)).toBe(300);
});

/** How many of `count` solicitations of one instant a server with this limit answers. */
function answers(advertisementsPerSecond: number | undefined, count: number): number {
  const configuration: ServerConfiguration = {
    role: 'server',
    ipv4: parseIpv4('192.0.2.1')!,
    ipv4Secondary: parseIpv4('192.0.2.2')!,
    ...(advertisementsPerSecond === undefined ? {} : { advertisementsPerSecond }),
  };
  const drops = new Float64Array(DROP_REASONS);
  const { role } = makeRole(configuration, {
    random: { uint32: () => 1 },
    hmac: () => new Uint8Array(20),
    drops,
    cases: new Float64Array(CASES),
  });
  const solicitation = new Uint8Array(routerSolicitation.LENGTH);
  routerSolicitation.emit(solicitation, 0, parseIpv6('fe80::ffff:ffff:ffff')!);
  const input = new Batch(count, new Uint8Array(count * 128));
  for (let i = 0; i < count; i++) input.push(solicitation, NAT, 20_000 + i);
  role.receive(input, 0);
  const output = new Batch(count, new Uint8Array(count * 256));
  role.pollDatagrams(output);
  expect(output.count + drops[Drop.RateLimited]!).toBe(count);
  return output.count;
}
