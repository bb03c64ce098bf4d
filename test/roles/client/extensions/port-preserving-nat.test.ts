import { describe, expect, test } from 'vitest';
import { RandomPorts } from '../../../../src/roles/client/extensions/random-ports.ts';
import { Identity } from '../../../../src/roles/client/identity.ts';
import { bubble, echoRequest, join, withOrigin } from '../../packets.ts';
import { A, B, MAPPED_B, runUntil, ScriptedRandom, SERVER, SERVER_B } from '../../scene.ts';
import { hex, ip6, pollDatagrams, pollEvents, receive, seededRandom, transmit } from '../../support.ts';
import { bubbles, extended, PORT_PRESERVING, RESTRICTED } from './scene.ts';

const on = { symmetricNat: true, portPreservingNat: true };
/** The first random port is 49152 + 0x18a5 (ScriptedRandom). */
const OWN_PORT = 49_152 + 0x18a5;
const NONCE = hex('0104 deadbeef');
const PEER_PORT = hex('0502 df78');

describe('RFC 6081 §5.4: port-preserving symmetric NAT', () => {
  test('EXT-30, EXT-31: the first indirect bubble names a random port that was opened for the peer', () => {
    const { client, random } = extended(PORT_PRESERVING, on);
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    expect(pollEvents(client)).toEqual([{ type: 'socket', via: 3, open: true, port: OWN_PORT }]);
    expect(bubbles(client)).toEqual([
      `bubble to ${MAPPED_B}`,
      `bubble to ${SERVER_B} [nonce 01020304, random port ${OWN_PORT}]`,
    ]);
  });

  test('EXT-30: no random port where the NAT is not symmetric, or does not preserve ports', () => {
    const { client } = extended(RESTRICTED, on);
    transmit(client, echoRequest(A, B), 100);
    expect(pollEvents(client)).toEqual([]);
  });

  test('EXT-32: a peer that advertises a random port gets a bubble there, from ours', () => {
    const { client } = extended(PORT_PRESERVING, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE, PEER_PORT)), 100);
    expect(bubbles(client).slice(0, 2)).toEqual([
      `bubble to ${MAPPED_B} [nonce deadbeef]`,
      `bubble to 198.51.100.77:57208 by socket 3 [nonce deadbeef, random port ${OWN_PORT}]`,
    ]);
  });

  test('EXT-32, ledger Q-11: from the service port where our NAT needs no random one', () => {
    const { client } = extended(RESTRICTED, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE, PEER_PORT)), 100);
    expect(bubbles(client)).toContain('bubble to 198.51.100.77:57208 [nonce deadbeef]');
  });

  test('RFC 6081 §3.3: a peer that needs no random port gets a bubble from ours to its mapping', () => {
    const { client } = extended(PORT_PRESERVING, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 100);
    expect(bubbles(client)).toContain(`bubble to ${MAPPED_B} by socket 3 [nonce deadbeef, random port ${OWN_PORT}]`);
  });

  test('EXT-33: another advertised port is ignored while the two are talking, and taken when they are not', () => {
    const { client } = extended(RESTRICTED, on);
    const told = (port: string) =>
      withOrigin(MAPPED_B, join(bubble(B, A), hex('0104 000000'), hex(port), hex(`0502 ${port.repeat(2)}`)));
    receive(client, SERVER, told('11'), 100);
    expect(bubbles(client).join()).toMatch(/198\.51\.100\.77:4369/);
    receive(client, '198.51.100.77:51413', echoRequest(B, A), 200);
    receive(client, SERVER, told('22'), 3_000);
    expect(bubbles(client).join()).not.toMatch(/:8738/);
    receive(client, SERVER, told('33'), 60_000);
    expect(bubbles(client).join()).toMatch(/198\.51\.100\.77:13107/);
  });

  test('EXT-37: heard on the random port, the peer is reached by it', () => {
    const { client, random } = contacted();
    random.script.push(7);
    receive(client, '198.51.100.77:60000', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    const sent = pollDatagrams(client).map(({ endpoint, via }) => `${endpoint} by ${via}`);
    expect(new Set(sent)).toEqual(new Set(['198.51.100.77:60000 by 3']));
    expect(transmit(client, echoRequest(A, B), 300)[0]).toMatchObject({ endpoint: '198.51.100.77:60000', via: 3 });
  });

  test('EXT-37: a random port is one peer’s: whoever else sends there is not heard', () => {
    const { client } = contacted();
    receive(client, '192.0.2.99:7000', bubble('2001:0:cb00:7101:0:e4a7:3fff:fd9c', A), 200, 3);
    expect(pollEvents(client)).toEqual([]);
  });

  test('EXT-34, EXT-36: heard on the service port, the peer is reached by that, and the random port closes', () => {
    const { client } = contacted();
    receive(client, '198.51.100.77:60000', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    receive(client, MAPPED_B, bubble(B, A), 300);
    expect(transmit(client, echoRequest(A, B), 400)[0]).toMatchObject({ endpoint: MAPPED_B, via: 0 });
    pollEvents(client);
    client.handleTimeout(30_400);
    expect(pollEvents(client)).toContainEqual({ type: 'socket', via: 3, open: false });
  });

  test('EXT-38: twenty bubbles, 30 s apart, keep a random port alive without data, then no more', () => {
    const { client } = contacted();
    receive(client, '198.51.100.77:60000', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    pollDatagrams(client);
    let refreshes = 0;
    for (let now = 30_200; now < 1_000_000; now += 30_000) {
      client.handleTimeout(now);
      refreshes += pollDatagrams(client).filter(({ via }) => via === 3).length;
    }
    expect(refreshes).toBe(20);
  });

  test('EXT-31, SEC-12: a peer whose random port went to another gets a new one, not the number of the old', () => {
    const { client } = contacted();
    for (let i = 0; i < 16; i++) {
      transmit(client, echoRequest(A, `2001:0:c633:6401:${(0x100 + i).toString(16)}:372a:39cc:9bb2`), 200 + i);
    }
    expect(pollEvents(client)).toContainEqual({ type: 'socket', via: 3, open: false });
    pollDatagrams(client);
    client.handleTimeout(2_100);
    const asked = bubbles(client).filter((line) => line.includes('random port') && !line.includes('by socket'));
    const opened = pollEvents(client).filter((event) => event.type === 'socket' && event.open);
    expect(asked).toHaveLength(1);
    expect(opened).toHaveLength(1);
  });

  test('EXT-37: a random port is the way to a peer that was reached by the service port before', () => {
    const { client } = extended(PORT_PRESERVING, on);
    // It asks and shows itself at once: no port is opened for it then.
    receive(client, MAPPED_B, bubble(B, A), 100);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE)), 200);
    receive(client, MAPPED_B, bubble(B, A), 300);
    expect(pollEvents(client).filter(({ type }) => type === 'socket')).toEqual([]);
    pollDatagrams(client);
    transmit(client, echoRequest(A, B), 60_000);
    client.handleTimeout(62_000);
    expect(pollEvents(client)).toContainEqual(expect.objectContaining({ type: 'socket', via: 3, open: true }));
    const nonce = bubbles(client)
      .at(-1)!
      .match(/nonce (\w+)/)![1];
    receive(client, '198.51.100.77:60000', join(bubble(B, A), hex(`0104 ${nonce}`)), 62_100, 3);
    expect(transmit(client, echoRequest(A, B), 62_200)[0]).toMatchObject({ endpoint: '198.51.100.77:60000', via: 3 });
  });

  test('EXT-38: a question that nobody answers does not close a random port that is in use', () => {
    const { client } = contacted();
    receive(client, '198.51.100.77:60000', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    pollDatagrams(client);
    pollEvents(client);
    // Data under the peer's name from elsewhere: it is asked about, and does not answer that.
    receive(client, '198.51.100.77:61000', echoRequest(B, A), 300);
    for (let now = 1_000; now <= 20_000; now += 1_000) {
      expect(receive(client, '198.51.100.77:60000', echoRequest(B, A), now, 3)).toHaveLength(1);
      client.handleTimeout(now);
    }
    expect(pollEvents(client).filter(({ type }) => type === 'socket')).toEqual([]);
    expect(transmit(client, echoRequest(A, B), 20_500)[0]).toMatchObject({ via: 3 });
  });

  test('EXT-33, EXT-38: the port that takes the place of a tired one is kept alive as long as a first one', () => {
    const { client } = contacted();
    const refreshed = (from: number, to: number) => {
      let refreshes = 0;
      for (let now = from; now < to; now += 30_000) {
        client.handleTimeout(now);
        refreshes += pollDatagrams(client).filter(({ via }) => via === 3).length;
      }
      return refreshes;
    };
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE, PEER_PORT)), 150);
    receive(client, '198.51.100.77:57208', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    pollDatagrams(client);
    expect(refreshed(30_200, 1_000_000)).toBe(20);
    const asks = join(bubble(B, A), hex('0104 00000007'), hex('0502 df79'));
    receive(client, SERVER, withOrigin(MAPPED_B, asks), 1_000_000);
    const nonce = bubbles(client)
      .at(-1)
      ?.match(/nonce (\w+), random/)?.[1];
    receive(client, '198.51.100.77:57209', join(bubble(B, A), hex(`0104 ${nonce}`)), 1_000_100, 3);
    pollDatagrams(client);
    expect(refreshed(1_030_100, 2_000_000)).toBe(20);
  });

  test('EXT-37, EXT-60: nothing leaves by a random port that has been closed', () => {
    const { client, random } = extended(PORT_PRESERVING, { ...on, serverLoadReduction: true });
    random.script.push(0x01020304);
    transmit(client, echoRequest(A, B), 100);
    const asks = (nonce: number) => withOrigin(MAPPED_B, join(bubble(B, A), hex(`0104 0000000${nonce}`), PEER_PORT));
    receive(client, SERVER, asks(1), 150);
    receive(client, '198.51.100.77:57208', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    pollEvents(client);
    pollDatagrams(client);
    // The peer asks again and again, and never answers: the budget is spent before it was asked directly three times.
    transmit(client, echoRequest(A, B), 60_000);
    for (let i = 2; i < 6; i++) receive(client, SERVER, asks(i), 60_000 + i);
    client.handleTimeout(62_100);
    expect(pollEvents(client)).toContainEqual({ type: 'socket', via: 3, open: false });
    pollDatagrams(client);
    transmit(client, echoRequest(A, B), 400_000);
    expect(pollDatagrams(client).map(({ endpoint, via }) => `${endpoint} by ${via}`)).toEqual([
      `${MAPPED_B} by 0`,
      `${SERVER_B} by 0`,
    ]);
  });

  test('EXT-31, EXT-51: the first question after 30 s of silence is whole: random port and alternates', () => {
    const { client } = extended(PORT_PRESERVING, { ...on, hairpinning: true });
    receive(client, MAPPED_B, bubble(B, A), 100);
    pollDatagrams(client);
    pollEvents(client);
    transmit(client, echoRequest(A, B), 31_000);
    expect(bubbles(client).join()).toMatch(/alternate 192\.168\.1\.10:40001, random port \d+/);
    expect(pollEvents(client)).toContainEqual(expect.objectContaining({ type: 'socket', via: 3, open: true }));
  });

  test('SEC-12: a random port that was opened for a stranger closes after 30 s when nothing came of it', () => {
    const { client } = extended(PORT_PRESERVING, on);
    receive(client, SERVER, withOrigin(MAPPED_B, join(bubble(B, A), NONCE, PEER_PORT)), 100);
    expect(pollEvents(client)).toContainEqual(expect.objectContaining({ type: 'socket', via: 3, open: true }));
    runUntil(client, 30_099);
    expect(pollEvents(client)).toEqual([]);
    runUntil(client, 30_101);
    expect(pollEvents(client)).toEqual([{ type: 'socket', via: 3, open: false }]);
    expect(client.pollTimeout()).toBeGreaterThan(1e6);
  });

  test('EXT-37: heard on the random port from elsewhere, idle for 30 s: the port closes and the peer is asked', () => {
    const { client } = contacted();
    receive(client, '198.51.100.77:60000', join(bubble(B, A), hex('0104 01020304')), 200, 3);
    pollDatagrams(client);
    pollEvents(client);
    receive(client, '198.51.100.77:60001', bubble(B, A), 20_000, 3);
    expect(pollEvents(client)).toEqual([]);
    receive(client, '198.51.100.77:60001', bubble(B, A), 40_000, 3);
    expect(pollEvents(client)).toContainEqual({ type: 'socket', via: 3, open: false });
    expect(client.peers.trusted[client.peers.find(ip6(B), 0)]).toBe(0);
    expect(bubbles(client)).toContainEqual(expect.stringMatching(`bubble to ${SERVER_B} \\[nonce`));
  });

  test('EXT-31: a port that the system does not give is replaced by another one, twice, and the peer is told', () => {
    const { client } = extended(PORT_PRESERVING, on);
    transmit(client, echoRequest(A, B), 100);
    const opened = () => pollEvents(client).filter((event) => event.type === 'socket' && event.open);
    expect(opened()).toHaveLength(1);
    pollDatagrams(client);
    for (let tries = 1; tries <= 2; tries++) {
      client.refuseSocket(3, 100);
      expect(opened()).toEqual([{ type: 'socket', via: 3, open: true, port: OWN_PORT + tries }]);
      expect(bubbles(client)).toEqual([
        expect.stringMatching(`\\[nonce \\w+, random port ${OWN_PORT + tries}, server\\]`),
      ]);
    }
    // Something else is wrong: it is done without.
    client.refuseSocket(3, 100);
    expect(opened()).toEqual([]);
    client.handleTimeout(2_100);
    expect(bubbles(client)).toEqual([`bubble to ${MAPPED_B}`, expect.stringMatching(/\[nonce \w+, server\]$/)]);
  });

  test('EXT-31: a random port is none that the client has already', () => {
    const identity = new Identity(seededRandom());
    identity.localPort = OWN_PORT;
    const ports = new RandomPorts(new ScriptedRandom(), [], identity);
    expect([1, 2, 3].map((peer) => ports.open(peer)?.localPort)).toEqual([OWN_PORT + 1, OWN_PORT + 2, OWN_PORT + 3]);
  });

  test('SEC-12: at most sixteen random ports are open, however many peers want one', () => {
    const { client } = extended(PORT_PRESERVING, on);
    for (let i = 0; i < 40; i++) {
      const peer = `2001:0:c633:6401:${(0x100 + i).toString(16)}:372a:39cc:9bb2`;
      transmit(client, echoRequest(A, peer), 100 + i);
    }
    let open = 0;
    let most = 0;
    const events = pollEvents(client).filter((event) => event.type === 'socket');
    // ScriptedRandom draws the same port for all of them.
    expect(new Set(events.slice(0, 16).map(({ port }) => port)).size).toBe(16);
    for (const event of events) {
      open += event.open ? 1 : -1;
      most = Math.max(most, open);
    }
    expect(most).toBe(16);
  });
});

/** A client that has asked B, with nonce 01020304 and random port socket 3. */
function contacted() {
  const scene = extended(PORT_PRESERVING, on);
  scene.random.script.push(0x01020304);
  transmit(scene.client, echoRequest(A, B), 100);
  pollDatagrams(scene.client);
  pollEvents(scene.client);
  return scene;
}
