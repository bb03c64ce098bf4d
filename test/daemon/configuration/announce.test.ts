import { expect, test } from 'vitest';
import { parseConfiguration } from '../../../src/daemon/configuration/file.ts';
import { relayOf } from '../../../src/daemon/configuration/roles.ts';
import { settle } from '../../../src/daemon/configuration/settings.ts';

const PROBE = '2001:0:cb00:7101:25:b6a5:399b:9bf8';

test('a relay announces when it is told, by the rules that are told', () => {
  expect(relayOf(settled(''), 'relay').announce).toBeUndefined();
  expect(relayOf(settled('[relay]\nannounce = true'), 'relay').announce).toEqual({
    rise: 3,
    fall: 3,
    holdMs: 30_000,
    intervalMs: 5_000,
    probes: [],
  });
  const told = `[relay]
announce = true
announce_probes = ["${PROBE}"]
announce_interval = 2
announce_rise = 4
announce_fall = 5
announce_hold = 0`;
  expect(relayOf(settled(told), 'relay').announce).toEqual({
    rise: 4,
    fall: 5,
    holdMs: 0,
    intervalMs: 2_000,
    probes: [PROBE],
  });
});

test('what shall answer the echo is a Teredo client', () => {
  const refusal = (probe: string) => () => settled(`[relay]\nannounce_probes = ["${PROBE}", "${probe}"]`);
  expect(refusal('2001:db8::1')).toThrow('relay.announce_probes 2001:db8::1: not an address of 2001::/32');
  expect(refusal('192.0.2.1')).toThrow('relay.announce_probes 192.0.2.1: not an IPv6 address');
});

test('RFC 4380 §5.4: a host-specific relay announces nothing', () => {
  const settings = settled('[relay]\nannounce = true');
  expect(() => relayOf(settings, 'host-relay')).toThrow('a host-specific relay serves its own host alone');
});

function settled(toml: string) {
  return settle({ file: parseConfiguration(toml, 'x.toml') });
}
