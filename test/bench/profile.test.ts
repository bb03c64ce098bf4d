import { describe, expect, test } from 'vitest';
import { flameGraph } from '../../bench/profile/flame-graph.ts';
import { parseStacks, shares } from '../../bench/profile/stacks.ts';

const SCRIPT = `node  1915/1935
\tffffffff82046f42 _copy_from_iter ([kernel.kallsyms])
\tffffffff8213eee2 udp_sendmsg ([kernel.kallsyms])
\t          10b106 __sendmmsg (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t    7ff81017f890 [unknown] ([unknown])

node  1828/1840
\t    7ff7ec04dfc4 JS:*receive file:///srv/teredo/dist/roles/relay/forwarding.js:9:24 (/tmp/perf-1828.map)
\t         14cfd1c Builtins_JSEntry (/usr/bin/node)

node  1828/1840
\t    7ff7ec04dfc4 JS:wasm-function[0]-0-turbofan (/tmp/perf-1828.map)
\t    7ff7ec04dfc4 JS:*write file:///srv/teredo/dist/io/linux/tun-port.js:93:10 (/tmp/perf-1828.map)

node  4/4
\tffffffff82046f42 another ([kernel.kallsyms])
`.replaceAll(/^node {2}(\d+)\/\d+/gm, '$1');

const stacks = parseStacks(
  SCRIPT,
  new Map([
    [1915, 'client'],
    [1828, 'relay'],
  ]),
);

describe('a profile of client and relay', () => {
  test('stacks begin with the program and leave out whom nobody asked for and what has no name', () => {
    expect(stacks.map(({ frames }) => frames)).toEqual([
      ['client', '__sendmmsg', 'udp_sendmsg_[k]', '_copy_from_iter_[k]'],
      ['relay', 'receive roles/relay/forwarding.js:9'],
      ['relay', 'write io/linux/tun-port.js:93', 'wasm checksum'],
    ]);
  });

  test('each sample has one reason', () => {
    expect(shares(stacks).map(({ name, share }) => [name, share.toFixed(2)])).toEqual([
      ['kernel: copying octets into it and out of it', '0.33'],
      ['ours: TypeScript', '0.33'],
      ['ours: checksums (WASM)', '0.33'],
    ]);
  });

  test('a flame graph holds a box for each frame, with its share', () => {
    const svg = flameGraph('a < b', stacks);
    expect(svg).toContain('a &lt; b');
    expect(svg).toContain('<title>relay, 66.7 %</title>');
    expect(svg).toContain('<title>udp_sendmsg_[k], 33.3 %</title>');
  });
});
