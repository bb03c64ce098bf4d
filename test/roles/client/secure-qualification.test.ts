import { describe, expect, test } from 'vitest';
import * as authentication from '../../../src/wire/authentication.ts';
import { E2, E3, E4 } from '../../wire/examples.ts';
import { hexOf } from '../packets.ts';
import { ScriptedRandom, SERVER, SERVER2, sentences } from '../scene.ts';
import { drops, hex, hmac, makeClient, makeServer, pollDatagrams, pollEvents, receive } from '../support.ts';

const ALICE = new TextEncoder().encode('alice');
const SECRET = new TextEncoder().encode('teredo-secret-01');
const VALUE_AT = 4 + ALICE.length;

describe('RFC 4380 §5.2.2: secure qualification', () => {
  test('CLI-02, CLI-23, E3: the solicitation is E3, octet for octet', () => {
    const { client } = startedClient();
    expect(pollDatagrams(client)).toEqual([{ endpoint: SERVER, via: 0, bytes: hex(E3) }]);
  });

  test('CLI-23, E4: the advertisement E4 is believed', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    receive(client, SERVER, hex(E4), 100);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER2}`]);
  });

  test('CLI-24: a wrong octet anywhere in what the value covers, or in the value, is not believed', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    const good = hex(E4);
    for (let at = 4; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at]! ^= 1;
      receive(client, SERVER, bytes, 100);
      expect(pollDatagrams(client), `octet ${at}`).toEqual([]);
    }
    receive(client, SERVER, good, 200);
    expect(sentences(client)).toEqual([`solicitation to ${SERVER2}`]);
  });

  test('CLI-24, S12: an answer without identifier and value is discarded when security is required', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    receive(client, SERVER, hex(E2), 100);
    expect(drops(client)).toEqual({ authentication: 1 });
    expect(client.state).toBe('starting');
  });

  test('CLI-22, E4 with confirmation 01: a right value that says "get a new key" ends the qualification', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    receive(client, SERVER, confirmed(hex(E4)), 100);
    expect(client.state).toBe('off-line');
    expect(pollEvents(client).at(-1)).toMatchObject({ reason: 'server rejected the authentication key' });
  });

  test('CLI-22: the same words with a wrong value end nothing', () => {
    const { client } = startedClient();
    pollDatagrams(client);
    const bytes = confirmed(hex(E4));
    bytes[VALUE_AT]! ^= 0x80;
    receive(client, SERVER, bytes, 100);
    expect(client.state).toBe('starting');
  });

  test('SRV-15, CLI-23: client and server with one secret agree; each solicitation has its own nonce', () => {
    const client = makeClient({ security: { identifier: ALICE, secret: SECRET } });
    const keys = new Map([[hexOf(ALICE), { secret: SECRET }]]);
    const server = makeServer({ security: { keys, isRequired: true } });
    client.start(0);
    for (const [via, address] of [SERVER, SERVER2].entries()) {
      const [sent] = pollDatagrams(client);
      receive(server, '192.0.2.45:40001', sent!.bytes, 10, via);
      const [answer] = pollDatagrams(server);
      receive(client, address, answer!.bytes, 20);
    }
    expect(client.state).toBe('qualified');
  });
});

function startedClient() {
  const random = new ScriptedRandom();
  const client = makeClient({ security: { identifier: ALICE, secret: SECRET } }, random);
  random.script.push(0x01020304, 0x05060708);
  client.start(0);
  return { client, random };
}

/** E4 with the confirmation byte set, and the value that ledger section K gives for it. */
function confirmed(bytes: Uint8Array): Uint8Array {
  bytes[authentication.length(bytes, 0) - 1] = 1;
  bytes.set(hex('85a21454bcb9a5f64ee6ee6be9cb1cf4626fe44c'), VALUE_AT);
  expect(hmac(SECRET, authentication.covered(bytes, 0, bytes.length))).toEqual(
    Buffer.from(authentication.value(bytes, 0)),
  );
  return bytes;
}
