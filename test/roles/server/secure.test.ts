import { describe, expect, test } from 'vitest';
import type { ServerSecurity } from '../../../src/roles/server/advertisement.ts';
import * as authentication from '../../../src/wire/authentication.ts';
import { E1, E3, E4 } from '../../wire/examples.ts';
import { hexOf, join, solicitation } from '../packets.ts';
import { MAPPED_A } from '../scene.ts';
import { drops, hex, hmac, makeServer, pollDatagrams, receive } from '../support.ts';

const ALICE = new TextEncoder().encode('alice');
const SECRET = new TextEncoder().encode('teredo-secret-01');

describe('RFC 4380 §5.3.2, §5.2.2: secure qualification at the server', () => {
  test('SRV-15, CLI-23, E3, E4: E3 is answered by E4, octet for octet', () => {
    const server = secured();
    receive(server, MAPPED_A, hex(E3), 0);
    expect(pollDatagrams(server)).toEqual([{ endpoint: MAPPED_A, via: 0, bytes: hex(E4) }]);
  });

  test('SRV-15: a key that is no longer good: the same with confirmation 01 and the value of the ledger', () => {
    const server = secured({ isRevoked: true });
    receive(server, MAPPED_A, hex(E3), 0);
    const [answer] = pollDatagrams(server);
    expect(authentication.confirmation(answer!.bytes, 0)).toBe(1);
    expect(hexOf(authentication.value(answer!.bytes, 0))).toBe('85a21454bcb9a5f64ee6ee6be9cb1cf4626fe44c');
  });

  test('SRV-06, S12: required: no header, no identifier, a stranger’s, 255 octets of it, a wrong value: silence', () => {
    const server = secured({ isRequired: true });
    for (const bytes of [
      solicitation(),
      hex(E1),
      signed({ identifier: hex('626f62') }),
      signed({ identifier: new Uint8Array(255) }),
      signed({ secret: hex('00') }),
      signed({ value: new Uint8Array(0) }),
      signed({ value: new Uint8Array(255) }),
    ]) {
      receive(server, MAPPED_A, bytes, 0);
    }
    expect(pollDatagrams(server)).toEqual([]);
    expect(drops(server)).toEqual({ authentication: 7 });
    receive(server, MAPPED_A, hex(E3), 0);
    expect(pollDatagrams(server)).toHaveLength(1);
  });

  test('CLI-24, S12: every octet that the value covers counts, and every octet of the value', () => {
    const server = secured({ isRequired: true });
    for (let at = 4; at < hex(E3).length; at++) {
      const bytes = hex(E3);
      bytes[at]! ^= 1;
      receive(server, MAPPED_A, bytes, 0);
      expect(pollDatagrams(server), `octet ${at}`).toEqual([]);
    }
  });

  test('S12: a solicitation that was recorded is not answered again', () => {
    const server = secured({ isRequired: true });
    receive(server, MAPPED_A, hex(E3), 0);
    pollDatagrams(server);
    receive(server, '198.51.100.9:4000', hex(E3), 10);
    expect(pollDatagrams(server)).toEqual([]);
    for (let n = 0; n < 3000; n++) receive(server, `192.0.2.${n % 250}:4000`, signed({ nonce: n }), 100 * n);
    for (let some = pollDatagrams(server); some.length > 0; ) some = pollDatagrams(server);
    receive(server, MAPPED_A, hex(E3), 1e6);
    expect(pollDatagrams(server)).toEqual([]);
  });

  test('S12, SRV-14: not required: who asks without is answered without; a wrong value is a wrong value', () => {
    const server = secured();
    receive(server, MAPPED_A, hex(E1), 0);
    const [answer] = pollDatagrams(server);
    expect(hexOf(answer!.bytes.subarray(0, 13))).toBe('00010000010203040506070800');
    receive(server, MAPPED_A, signed({ secret: hex('00') }), 0);
    expect(pollDatagrams(server)).toEqual([]);
  });

  test('1.6: identifier and value of 255 octets to a server that knows no keys: answered as one that asked without', () => {
    const server = makeServer();
    receive(server, MAPPED_A, signed({ identifier: new Uint8Array(255).fill(1), value: new Uint8Array(255) }), 0);
    const [answer] = pollDatagrams(server);
    expect(answer!.bytes).toHaveLength(109);
    expect(hexOf(answer!.bytes.subarray(2, 4))).toBe('0000');
  });
});

function secured({ isRequired = false, isRevoked = false } = {}) {
  const keys: ServerSecurity['keys'] = new Map([[hexOf(ALICE), { secret: SECRET, isRevoked }]]);
  return makeServer({ mtu: 1280, security: { keys, isRequired } });
}

interface Signature {
  readonly identifier?: Uint8Array;
  readonly secret?: Uint8Array;
  readonly nonce?: number;
  readonly value?: Uint8Array;
}

/** A solicitation with an authentication header of which one thing is as said. */
function signed({ identifier = ALICE, secret = SECRET, nonce = 7, value }: Signature): Uint8Array {
  const covered = join(Uint8Array.of(9, 9, 9, 9, 9, 9, nonce >> 8, nonce, 0), solicitation());
  const digest = value ?? Uint8Array.from(hmac(secret, covered));
  return join(Uint8Array.of(0, 1, identifier.length, digest.length), identifier, digest, covered);
}
