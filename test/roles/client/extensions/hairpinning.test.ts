import { describe, expect, test } from 'vitest';
import { bubble, echoRequest, join, teredoAddress, withOrigin } from '../../packets.ts';
import { A, B, SERVER } from '../../scene.ts';
import { hex, ip, pollDatagrams, receive, transmit } from '../../support.ts';
import { bubbles, extended, RESTRICTED } from './scene.ts';

const on = { hairpinning: true };
/** A neighbour behind the same NAT as client A. */
const NEIGHBOUR = teredoAddress('203.0.113.1', '192.0.2.45:40002', 0x0aa0);
const NEIGHBOUR_MAPPED = '192.0.2.45:40002';
const NONCE = hex('0104 deadbeef');

describe('RFC 6081 §5.6: hairpinning', () => {
  test('EXT-51: an indirect bubble tells where we are on our side of the NAT, with a nonce', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, NEIGHBOUR), 100);
    expect(bubbles(client)).toEqual([
      `bubble to ${NEIGHBOUR_MAPPED}`,
      'bubble to 203.0.113.1:3544 [nonce 01020304, alternate 192.168.1.10:5000]',
    ]);
  });

  test('EXT-51: the mapping of a router that stands behind another NAT is told too', () => {
    const { client } = extended(RESTRICTED, { ...on, symmetricNat: true, upnpSymmetricNat: true });
    client.setPortMapping({ ipv4: ip('10.9.8.7'), port: 5000 });
    transmit(client, echoRequest(A, NEIGHBOUR), 100);
    expect(bubbles(client)[1]).toMatch(/alternate 192\.168\.1\.10:5000, alternate 10\.9\.8\.7:5000/);
  });

  test('EXT-52: direct bubbles go to the mapping and to every alternate address, with the nonce', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, SERVER, alternates('c0a80114 1388', 'c0a80115 1389'), 100);
    expect(bubbles(client).slice(0, 3)).toEqual([
      `bubble to ${NEIGHBOUR_MAPPED} [nonce deadbeef]`,
      'bubble to 192.168.1.20:5000 [nonce deadbeef]',
      'bubble to 192.168.1.21:5001 [nonce deadbeef]',
    ]);
  });

  test('EXT-53: a neighbour that brings our nonce from a private address is reached there', () => {
    const { client, random } = extended(RESTRICTED, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, NEIGHBOUR), 100);
    pollDatagrams(client);
    receive(client, '192.168.1.20:5000', join(bubble(NEIGHBOUR, A), hex('0104 01020304')), 200);
    pollDatagrams(client);
    expect(transmit(client, echoRequest(A, NEIGHBOUR), 300)[0]?.endpoint).toBe('192.168.1.20:5000');
  });

  test('EXT-52, C7: a badly formed trailer ends the bubble', () => {
    for (const length of [2, 7, 9, 27, 255]) {
      const { client } = extended(RESTRICTED, on);
      const trailer = join(Uint8Array.of(3, length), new Uint8Array(length).fill(1));
      receive(client, SERVER, withOrigin(NEIGHBOUR_MAPPED, join(bubble(NEIGHBOUR, A), NONCE, trailer)), 100);
      expect(bubbles(client)).toEqual([]);
    }
  });

  test('SEC-13, C7: nothing goes to loopback, this network, multicast, broadcast, ourselves or port 0', () => {
    const { client } = extended(RESTRICTED, on);
    const bad = [
      '7f000001 1388',
      '00000001 1388',
      'e0000001 1388',
      'ffffffff 1388',
      'c0a8010a 1388',
      'c0a801ff 1388',
      'c0a80114 0000',
    ];
    for (const [i, entry] of bad.entries()) {
      receive(client, SERVER, alternates(entry, entry), 100 + 3_000 * i);
      const targets = bubbles(client).filter((line) => !line.includes(NEIGHBOUR_MAPPED) && !line.includes(':3544'));
      expect(targets, entry).toEqual([]);
    }
  });

  test('SEC-13, C7: a stranger behind another NAT cannot aim at our network', () => {
    const { client } = extended(RESTRICTED, on);
    const cannon = join(bubble(B, A), NONCE, hex('030e0000'), hex('c0a80114 1388'), hex('c0a80101 0050'));
    receive(client, SERVER, withOrigin('198.51.100.77:51413', cannon), 100);
    expect(bubbles(client).join()).not.toMatch(/to 192\.168/);
  });

  test('C7: a thousand bubbles a second for 5 s: the network behind sees no more than the burst and the rate allow', () => {
    const { client } = extended(RESTRICTED, on);
    let inside = 0;
    for (let i = 0; i < 5_000; i++) {
      const source = teredoAddress('203.0.113.1', `192.0.2.45:${20_000 + i}`);
      const inner = join(
        bubble(source, A),
        NONCE,
        hex('031a0000'),
        hex('c0a80114 1388c0a80115 1388c0a80116 1388c0a80117 1388'),
      );
      receive(client, SERVER, withOrigin(`192.0.2.45:${20_000 + i}`, inner), 100 + i);
      inside += pollDatagrams(client).filter(({ endpoint }) => endpoint.startsWith('192.168')).length;
    }
    expect(inside).toBeGreaterThan(0);
    expect(inside).toBeLessThanOrEqual(20 + 5 * 10 + 1);
  });
});

function alternates(...entries: readonly string[]): Uint8Array {
  const list = hex(entries.join(''));
  const trailer = join(Uint8Array.of(3, 2 + list.length, 0, 0), list);
  return withOrigin(NEIGHBOUR_MAPPED, join(bubble(NEIGHBOUR, A), NONCE, trailer));
}
