import { expect, test } from 'vitest';
import { Case, type CaseCounters, caseName, casesOf } from '../../src/roles/case.ts';
import { coneNat, portRestrictedNat, symmetricNat } from '../../src/sim/nat-kinds.ts';
import { conversation } from '../../src/sim/summary.ts';
import { World } from '../../src/sim/world.ts';

const SERVER = { ipv4: ['192.0.2.1', '192.0.2.2'] } as const;
const ALICE = new TextEncoder().encode('alice');
const SECRET = new TextEncoder().encode('a secret of the two');

test('what is counted of clients, server and relay is what was on the wire', () => {
  const keys = new Map([[Buffer.from(ALICE).toString('hex'), { secret: SECRET }]]);
  const world = new World({ seed: 3 });
  const server = world.addServer({ ...SERVER, config: { security: { keys, isRequired: false } } });
  const security = { identifier: ALICE, secret: SECRET };
  const a = world.addClient({
    name: 'a',
    server,
    behind: portRestrictedNat('198.51.100.1'),
    extensions: true,
    config: { security },
  });
  const b = world.addClient({ name: 'b', server, behind: portRestrictedNat('198.51.100.2'), extensions: true });
  const relay = world.addRelay({ ipv4: '203.0.113.9' });
  const native = world.addIpv6Host();
  world.runUntil(() => a.isQualified && b.isQualified);
  const pings = [a.ping(b.address), a.ping(native.ipv6Addresses[0]!), native.ping(b.address)];
  world.runFor(10_000);
  expect(pings.map(({ isAnswered }) => isAnswered)).toEqual([true, true, true]);

  const said = conversation(world.trace.records);
  const heard = (line: RegExp) => said.filter((each) => line.test(each) && !each.includes('(lost')).length;
  const all = (line: RegExp) => said.filter((each) => line.test(each)).length;
  for (const client of [a, b]) {
    const { name } = client;
    const { cases } = client.client;
    const named = read(cases);
    expect(named).toMatchObject({
      'solicitations sent': all(new RegExp(`^${name} > server: RS`)),
      'advertisements received': heard(new RegExp(`^server > ${name}: RA`)),
      'indirect bubbles sent': all(new RegExp(`^${name} > server: bubble`)),
      'indirect bubbles received': heard(new RegExp(`^server > ${name}: bubble`)),
      'origin indications received': heard(new RegExp(`^server > ${name}: .*origin`)),
      'direct bubbles sent': all(new RegExp(`^${name} > (?!server).*: bubble`)),
      'direct bubbles received': heard(new RegExp(`^(?!server).* > ${name}: bubble`)),
      qualifications: 1,
    });
    for (const number of [Case.IndirectBubblesReceived, Case.DirectBubblesSent, Case.NoncesReceived]) {
      expect(cases[number], caseName(number)).toBeGreaterThan(0);
    }
  }
  expect(read(a.client.cases)).toMatchObject({
    'advertisements authenticated': a.client.cases[Case.AdvertisementsReceived],
    'connectivity tests sent': all(/^a > server: ICMPv6 echo request/),
    'connectivity tests answered': 1,
    'peers trusted': 2,
  });
  expect(b.client.cases[Case.AdvertisementsAuthenticated]).toBe(0);
  expect(read(relay.relay.cases)).toEqual({
    'indirect bubbles sent': all(/^relay > server: bubble/),
    'direct bubbles received': heard(/^[ab] > relay: bubble/),
    'peers trusted': 2,
  });
  expect(read(server.server.cases)).toEqual({
    'advertisements sent': all(/^server > b: RA/),
    'secured advertisements sent': all(/^server > a: RA/),
    'bubbles forwarded': all(/^server > [ab]: bubble/),
    'echoes forwarded to native hosts': all(/^[ab] > server: ICMPv6 echo request/),
    'origin indications sent': all(/^server > [ab]: bubble, origin/),
  });
});

test('RFC 6081 §5.2: what proves a peer behind a symmetric NAT is counted on the side that believes it', () => {
  const world = new World({ seed: 4 });
  const server = world.addServer(SERVER);
  const options = { server, extensions: true };
  const cone = world.addClient({ ...options, name: 'cone', behind: coneNat('198.51.100.1') });
  const symmetric = world.addClient({ ...options, name: 'symmetric', behind: symmetricNat('198.51.100.2') });
  world.runUntil(() => cone.isQualified && symmetric.isQualified);
  const ping = cone.ping(symmetric.address);
  world.runFor(10_000);
  expect(ping.isAnswered).toBe(true);
  expect(cone.client.cases[Case.PeersProvedByNonce]).toBe(1);
  expect(cone.client.cases[Case.NoncesSent]).toBeGreaterThan(0);
  expect(symmetric.client.cases[Case.NoncesReceived]).toBeGreaterThan(0);
});

test('a peer that never answers is counted as unreachable, by clients and by relays', () => {
  const world = new World({ seed: 5 });
  const server = world.addServer(SERVER);
  const client = world.addClient({ server, behind: coneNat('198.51.100.1') });
  const gone = world.addClient({ server, name: 'gone', behind: coneNat('198.51.100.2') });
  const relay = world.addRelay({ ipv4: '203.0.113.9' });
  const native = world.addIpv6Host();
  world.runUntil(() => client.isQualified && gone.isQualified);
  const address = gone.address.slice();
  gone.host.ipv4Link!.isUp = false;
  client.ping(address);
  native.ping(address);
  world.runFor(30_000);
  expect(client.client.cases[Case.PeersUnreachable]).toBe(1);
  expect(relay.relay.cases[Case.PeersUnreachable]).toBe(1);
});

test('every case has a name of its own, and is of clients, of servers or of both clients and relays', () => {
  const all = Object.values(Case);
  expect(new Set(all.map(caseName)).size).toBe(all.length);
  expect([...casesOf('client'), ...casesOf('server')]).toEqual(all);
  expect(casesOf('client')).toEqual(expect.arrayContaining([...casesOf('relay')]));
});

function read(cases: CaseCounters): Record<string, number> {
  return Object.fromEntries(
    [...cases.entries()].flatMap(([number, count]) => (count > 0 ? [[caseName(number), count]] : [])),
  );
}
