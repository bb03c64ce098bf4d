import { expect, test } from 'vitest';
import { DROP_REASONS, Drop } from '../../../src/roles/drop.ts';
import { packet, teredoAddress } from '../packets.ts';
import { ip6, makeRelay, pollDatagrams, transmit } from '../support.ts';

const SERVER = '203.0.113.1';

test('REL-14: a flood of new destinations from one /64 leaves most of the new peers to others', () => {
  const relay = makeRelay({
    newPeersPerSecond: 100,
    newPeersBurst: 400,
    bubblesPerSecond: 10_000,
    bubblesBurst: 10_000,
  });
  let asked = 0;
  for (let stranger = 0; stranger < 2_000; stranger++) {
    const from = `2001:db8:bad:1::${(1 + stranger).toString(16)}`;
    transmit(relay, packet(from, teredoAddress(SERVER, `198.51.100.${stranger % 250}:${1 + stranger}`)), 0);
    asked += pollDatagrams(relay).length;
  }
  expect(asked).toBe(100);
  expect(relay.drops).toHaveLength(DROP_REASONS);
  expect(relay.drops[Drop.RateLimited]).toBe(1_900);
  for (let client = 0; client < 50; client++) {
    transmit(relay, packet('2001:db8:600d::1', teredoAddress(SERVER, `192.0.2.45:${1 + client}`)), 0);
    expect(pollDatagrams(relay)).toHaveLength(1);
  }
  const [share] = relay.limits(0).filter(({ name }) => name === 'new-peers-of-one');
  expect(share).toMatchObject({ bit: 1_900, perSecond: 25, burst: 100 });
});

test('a host-specific relay serves one host, which has all of it', () => {
  const relay = makeRelay({
    newPeersPerSecond: 100,
    newPeersBurst: 400,
    bubblesPerSecond: 10_000,
    bubblesBurst: 10_000,
  });
  relay.setOwnAddresses([ip6('2001:db8:600d::1')]);
  let asked = 0;
  for (let client = 0; client < 500; client++) {
    transmit(relay, packet('2001:db8:600d::1', teredoAddress(SERVER, `192.0.2.45:${1 + client}`)), 0);
    asked += pollDatagrams(relay).length;
  }
  expect(asked).toBe(400);
});
