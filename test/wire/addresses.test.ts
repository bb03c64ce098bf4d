import { describe, expect, test } from 'vitest';
import * as teredo from '../../src/wire/teredo.ts';
import { formatIpv4, formatIpv6 } from '../../src/wire/text.ts';
import { ipv4Of, ipv6Of } from './examples.ts';

/** Published test vectors of other libraries, recomputed. */
const VECTORS = [
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '65.54.227.120', 0x8000, 40000, '192.0.2.45'],
  ['2001:0:5ef5:79fd:0:59d:a0e5:ba1', '94.245.121.253', 0, 64098, '95.26.244.94'],
  ['2001:0:a0b:c0d:28:f508:f508:8f5', '10.11.12.13', 0x28, 2807, '10.247.247.10'],
  ['2001:0:ce49:7601:e866:efff:62c3:fffe', '206.73.118.1', 0xe866, 4096, '157.60.0.1'],
  ['2001:0:ce49:7601:2cad:dfff:7c94:fffe', '206.73.118.1', 0x2cad, 8192, '131.107.0.1'],
  ['2001:0:102:203:200:5efe:506:708', '1.2.2.3', 0x200, 41217, '250.249.248.247'],
  ['2001:0:4137:9e50:8000:f12a:b9c8:2815', '65.55.158.80', 0x8000, 3797, '70.55.215.234'],
] as const;

describe('RFC 4380 §4, ledger W-01: addresses of other libraries', () => {
  test.each(VECTORS)('%s: server %s, flags %i, port %i, client %s', (text, server, flags, port, ipv4) => {
    const address = ipv6Of(text);
    expect(teredo.isTeredo(address, 0)).toBe(true);
    expect(formatIpv4(teredo.server(address, 0))).toBe(server);
    expect(teredo.flags(address, 0)).toBe(flags);
    expect(teredo.port(address, 0)).toBe(port);
    expect(formatIpv4(teredo.ipv4(address, 0))).toBe(ipv4);
    expect(teredo.embeds(address, 0, ipv4Of(ipv4), port)).toBe(true);
    expect(teredo.embeds(address, 0, ipv4Of(ipv4), port ^ 1)).toBe(false);
    expect(teredo.embeds(address, 0, ipv4Of(ipv4) ^ 1, port)).toBe(false);
    const again = new Uint8Array(16);
    expect(teredo.emit(again, 0, ipv4Of(server), flags, ipv4Of(ipv4), port)).toBe(16);
    expect(formatIpv6(again)).toBe(text);
  });

  test.each([
    '2000::4136:e378:8000:63bf:3fff:fdd2',
    '2001:1:4136:e378:8000:63bf:3fff:fdd2',
    '::1.2.3.4',
    '3ffe::1',
    '::',
    '::1',
    '2001:db8::',
    '2002::',
  ])('%s is no Teredo address', (text) => {
    expect(teredo.isTeredo(ipv6Of(text), 0)).toBe(false);
  });

  test('RFC 4380 §5.3.2, RFC 5991 §3.2, W-05: the link-local address of server 203.0.113.1', () => {
    const address = new Uint8Array(16);
    teredo.emitLinkLocal(address, 0, teredo.FLAG_CONE, ipv4Of('203.0.113.1'), 3544);
    expect(formatIpv6(address)).toBe('fe80::8000:f227:34ff:8efe');
  });
});
