import { expect, test } from 'vitest';
import { changes, type WantedInterface } from '../../../src/io/linux/interface.ts';

const address = '2001:0:cb00:7101:18a5:63be:3fff:fdd2/32';
const qualified: WantedInterface = {
  up: true,
  mtu: 1280,
  addresses: [address, 'fe80::ffff:ffff:ffff/64'],
  routes: [{ destination: 'default', metric: 1029 }],
};
const asWanted = {
  mtu: 1280,
  flags: ['POINTOPOINT', 'UP'],
  addr_info: [
    { local: '2001:0:cb00:7101:18a5:63be:3fff:fdd2', prefixlen: 32 },
    { local: 'fe80::ffff:ffff:ffff', prefixlen: 64 },
  ],
};

test('a new interface gets everything, and no link-local address of the kernel comes first', () => {
  const fresh = { mtu: 1500, flags: ['POINTOPOINT'], addr_info: [] };
  expect(changes('teredo', qualified, fresh, [])).toEqual([
    'link set dev teredo addrgenmode none',
    'link set dev teredo txqueuelen 1000 mtu 1280 up',
    `address add ${address} dev teredo nodad`,
    'address add fe80::ffff:ffff:ffff/64 dev teredo nodad',
    'route add default metric 1029 dev teredo protocol 35',
  ]);
});

test('an interface that is as wanted is left alone', () => {
  expect(changes('teredo', qualified, asWanted, [{ dst: 'default', metric: 1029 }])).toEqual([]);
});

test('ledger CLI-103: with a new mapping the old address goes, and what an administrator added stays', () => {
  const is = {
    mtu: 1400,
    flags: ['UP'],
    addr_info: [
      { local: '2001:0:cb00:7101:2c3e:372a:39cc:9bb2', prefixlen: 32 },
      { local: 'fd00::1', prefixlen: 64 },
      { local: 'fe80::ffff:ffff:ffff', prefixlen: 64 },
    ],
  };
  expect(changes('teredo', qualified, is, [{ dst: 'default', metric: 7 }])).toEqual([
    'route delete default metric 7 dev teredo protocol 35',
    'address delete 2001:0:cb00:7101:2c3e:372a:39cc:9bb2/32 dev teredo',
    'link set dev teredo mtu 1280',
    `address add ${address} dev teredo nodad`,
    'route add default metric 1029 dev teredo protocol 35',
  ]);
});

test('ledger CLI-104: off-line means no address, no route, and the interface down', () => {
  const down: WantedInterface = { up: false, mtu: 1280, addresses: [], routes: [] };
  expect(changes('teredo', down, asWanted, [{ dst: 'default', metric: 1029 }])).toEqual([
    'route delete default metric 1029 dev teredo protocol 35',
    `address delete ${address} dev teredo`,
    'address delete fe80::ffff:ffff:ffff/64 dev teredo',
    'link set dev teredo down',
  ]);
  expect(changes('teredo', down, undefined, [])).toEqual([]);
});
