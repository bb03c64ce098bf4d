import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Router } from '../../../src/io/mapping/mapping.ts';
import { PortMapper, type PortMapperOptions, type PortMappingState } from '../../../src/io/mapping/port-mapper.ts';
import { StateFile } from '../../../src/io/mapping/state-file.ts';
import { until } from '../../../src/lab/kernel/until.ts';
import { FakeRouter, honest, igd, natPmpAnswer, pcpAnswer } from './fake-router.ts';

const PORT = 40001;
let folder: string;
let store: StateFile;
let fakes: FakeRouter[];
let mappers: PortMapper[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-mapper-'));
  store = new StateFile(folder, 'teredo');
  fakes = [];
  mappers = [];
});
afterEach(async () => {
  await Promise.all(mappers.map((mapper) => mapper.stop()));
  for (const fake of fakes) fake.close();
  rmSync(folder, { recursive: true });
});

describe('A port mapping for as long as it is wanted', () => {
  test('PCP comes first, then NAT-PMP, then UPnP', async () => {
    const all = fakeRouter();
    await all.answers((request) => (request[0] === 2 ? pcpAnswer(request) : natPmpAnswer(request)));
    await all.serves(igd(all, honest));
    const noPcp = fakeRouter();
    await noPcp.answers((request) => natPmpAnswer(request));
    await noPcp.serves(igd(noPcp, honest));
    const upnp = fakeRouter();
    await upnp.serves(igd(upnp, honest));
    for (const [fake, protocol] of [
      [all, 'PCP'],
      [noPcp, 'NAT-PMP'],
      [upnp, 'UPnP'],
    ] as const) {
      const { mapper, state } = start(fake);
      expect(await state()).toMatchObject({
        state: 'mapped',
        protocol,
        external: { address: '198.51.100.7', port: PORT },
      });
      await mapper.stop();
    }
  });

  test('§5.3.5: stop removes it and forgets it; nothing is told after that', async () => {
    const { fake, lifetimes } = await pcpRouter();
    const { mapper, state, told } = start(fake);
    await state();
    expect(store.read()).toMatchObject({ protocol: 'PCP', gateway: fake.router.gateway, localPort: PORT });
    await mapper.stop();
    expect(lifetimes).toEqual([7_200, 0]);
    expect(store.read()).toBeUndefined();
    expect(told).toHaveLength(1);
  });

  test('§5.3.3: what an earlier process left behind is removed first, with its own nonce', async () => {
    const nonce = 'ab'.repeat(12);
    const { fake, lifetimes, nonces } = await pcpRouter();
    store.write({ protocol: 'PCP', gateway: fake.router.gateway, localPort: 39_999, nonce });
    await start(fake).state();
    expect(lifetimes).toEqual([0, 7_200]);
    expect(nonces[0]).toBe(nonce);
    expect(nonces[1]).not.toBe(nonce);
  });

  test('what was left behind at another router is not this one to be asked about', async () => {
    const { fake, lifetimes } = await pcpRouter();
    store.write({ protocol: 'PCP', gateway: '192.168.7.7', localPort: 39_999, nonce: 'ab'.repeat(12) });
    await start(fake).state();
    expect(lifetimes).toEqual([7_200]);
  });

  test('the lease is prolonged at half its time, and told once', async () => {
    const { fake, lifetimes } = await pcpRouter(2);
    const { state, told } = start(fake);
    expect(await state()).toMatchObject({ lifetimeMs: 2_000 });
    await until('two prolongations', () => lifetimes.length >= 3);
    expect(told).toHaveLength(1);
  });

  test('a mapping without end is asked for again too: the router may have forgotten it', async () => {
    const fake = fakeRouter();
    await fake.serves(igd(fake, honest));
    await start(fake, { renewalMaxMs: 1 }).state();
    await until('another AddPortMapping', () => fake.asked.filter((action) => action === 'AddPortMapping').length >= 2);
  });

  test('a router that is gone: told when the lease is over; one that comes back is asked again', async () => {
    const { fake } = await pcpRouter(2);
    const { state, told } = start(fake, { retryMinMs: 200 });
    await state();
    fake.close();
    await until('the end of the lease', () => told.length === 2);
    expect(told[1]).toEqual({
      state: 'none',
      reason: `router ${fake.router.gateway} offers none (PCP, NAT-PMP and UPnP are silent)`,
    });
    await fake.answers((request) => pcpAnswer(request));
    await until('the mapping', () => told.at(-1)?.state === 'mapped');
  });

  test('every protocol that answered says why it failed', async () => {
    const fake = fakeRouter();
    await fake.answers((request) =>
      request[0] === 2 ? pcpAnswer(request, (a) => a.fill(2, 3, 4)) : natPmpAnswer(request, [], 2),
    );
    await fake.serves(igd(fake, { AddPortMapping: () => 606 }));
    expect(await start(fake).state()).toEqual({
      state: 'none',
      reason: `router ${fake.router.gateway}: PCP: it refuses (2 NOT_AUTHORIZED); NAT-PMP: it refuses (2 not authorized); UPnP: it refuses (606 Because)`,
    });
    expect(store.read()).toBeUndefined();
  });

  test('no router, a public address, and a system that cannot tell: a state, not an exception', async () => {
    expect(await start('there is no router').state()).toEqual({ state: 'none', reason: 'there is no router' });
    const failing = start(() => Promise.reject(new Error('ENOMEM')));
    expect(await failing.state()).toEqual({ state: 'none', reason: 'cannot be asked (ENOMEM)' });
  });

  test('another network: the old mapping is given back, the new router asked', async () => {
    const [first, second] = [await pcpRouter(), await pcpRouter()];
    let current: Router = first.fake.router;
    const { mapper, state, told } = start(() => Promise.resolve(current));
    await state();
    await mapper.hostChanged();
    current = second.fake.router;
    await mapper.hostChanged();
    await until('the second mapping', () => told.length === 2);
    expect(told[1]).toMatchObject({ state: 'mapped', router: second.fake.router.gateway });
    expect(first.lifetimes).toEqual([7_200, 0]);
    expect(second.lifetimes).toEqual([7_200]);
  });

  test('stopped while it still looks for a router that knows UPnP: there is nothing to remember', async () => {
    const fake = fakeRouter();
    const { mapper, told } = start(fake);
    await until('the search', () => store.read()?.protocol === 'UPnP');
    await mapper.stop();
    expect(told).toEqual([]);
    expect(store.read()).toBeUndefined();
  });

  test('stopped while it still asks: it ends soon, and what may have been made is remembered', async () => {
    const fake = fakeRouter();
    let asked = 0;
    await fake.answers(() => {
      asked++;
      return [];
    });
    const { mapper, told } = start(fake);
    await until('the first question', () => asked > 0);
    await mapper.stop();
    expect(told).toEqual([]);
    expect(store.read()).toMatchObject({ gateway: fake.router.gateway, localPort: PORT });
  });
});

function fakeRouter(): FakeRouter {
  const fake = new FakeRouter();
  fakes.push(fake);
  return fake;
}

/** One that grants leases of at most `lifetimeMax` seconds by PCP, and notes what it was asked. */
async function pcpRouter(lifetimeMax = 7_200) {
  const fake = fakeRouter();
  const lifetimes: number[] = [];
  const nonces: string[] = [];
  await fake.answers((request) => {
    if (request[0] !== 2) return [];
    lifetimes.push(request.readUInt32BE(4));
    nonces.push(request.toString('hex', 24, 36));
    return pcpAnswer(request, (answer) => answer.writeUInt32BE(Math.min(request.readUInt32BE(4), lifetimeMax), 4));
  });
  return { fake, lifetimes, nonces };
}

function start(where: FakeRouter | string | PortMapperOptions['findRouter'], options: Partial<PortMapperOptions> = {}) {
  const told: PortMappingState[] = [];
  const found = where instanceof FakeRouter ? where.router : where;
  const findRouter = typeof found === 'function' ? found : () => Promise.resolve(found);
  const mapper = new PortMapper({
    localPort: PORT,
    findRouter,
    store,
    onState: (state) => told.push(state),
    ...options,
  });
  mappers.push(mapper);
  return { mapper, told, state: () => until('the first state', () => told[0]) };
}
