import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MappingMethod } from '../../../src/io/mapping/mapping.ts';
import { natPmp } from '../../../src/io/mapping/nat-pmp.ts';
import { pcp } from '../../../src/io/mapping/pcp.ts';
import { Upnp } from '../../../src/io/mapping/upnp.ts';
import { type Actions, FakeRouter, honest, type IgdOptions, igd, natPmpAnswer, pcpAnswer } from './fake-router.ts';

const PORT = 40001;
const GRANTED = { address: '198.51.100.7', port: PORT };
let fake: FakeRouter;
beforeEach(() => {
  fake = new FakeRouter();
});
afterEach(() => fake.close());

describe('PCP (RFC 6887)', () => {
  test('§11: the mapping that the router grants', async () => {
    await fake.answers((request) => pcpAnswer(request));
    expect(await map(pcp)).toEqual({ ...GRANTED, lifetimeMs: 7_200_000 });
  });

  test('§11.1: the request, octet by octet', async () => {
    const requests: string[] = [];
    await fake.answers((request) => {
      requests.push(request.toString('hex'));
      return pcpAnswer(request);
    });
    await map(pcp);
    await unmap(pcp);
    const client = `${'00'.repeat(10)}ffff7f000001`;
    const rest = (suggested: string) =>
      `${client}${'07'.repeat(12)}110000009c41${suggested}${'00'.repeat(10)}ffff00000000`;
    expect(requests).toEqual([`0201000000001c20${rest('9c41')}`, `0201000000000000${rest('0000')}`]);
  });

  test('a first answer that got lost is asked for again', async () => {
    let requests = 0;
    await fake.answers((request) => (++requests === 1 ? [] : pcpAnswer(request)));
    expect(await map(pcp)).toMatchObject(GRANTED);
  });

  test.each([
    ['port 0', (answer: Buffer) => answer.writeUInt16BE(0, 42), 'maps to port 0'],
    ['the address 0.0.0.0', (answer: Buffer) => answer.fill(0, 56, 60), 'says that its address is "0.0.0.0"'],
    ['a multicast address', (answer: Buffer) => answer.set([224, 0, 0, 1], 56), 'says that its address is "224.0.0.1"'],
    ['an IPv6 address', (answer: Buffer) => answer.fill(1, 44, 60), 'says that its address is "an IPv6 address"'],
    ['no lifetime', (answer: Buffer) => answer.fill(0, 4, 8), 'grants a mapping for no time at all'],
    ['result 8', (answer: Buffer) => answer.fill(8, 3, 4), 'refuses (8 NO_RESOURCES)'],
    ['result 99', (answer: Buffer) => answer.fill(99, 3, 4), 'refuses (99 unknown)'],
    ['another nonce', (answer: Buffer) => answer.fill(0, 24, 36), 'does not answer'],
    ['another protocol', (answer: Buffer) => answer.fill(6, 36, 37), 'does not answer'],
    ['another internal port', (answer: Buffer) => answer.writeUInt16BE(1, 40), 'does not answer'],
    ['a request', (answer: Buffer) => answer.fill(1, 1, 2), 'does not answer'],
  ] as const)('a router that answers with %s', async (_, change, why) => {
    await fake.answers((request) => pcpAnswer(request, change));
    await expect(map(pcp)).rejects.toThrow(why);
  });

  test('answers cut at every length, and noise, are no answers', async () => {
    await fake.answers((request) => [
      ...Array.from({ length: 60 }, (_, length) => pcpAnswer(request)[0]!.subarray(0, length)),
      Buffer.alloc(2_000, 0x81),
    ]);
    await expect(map(pcp)).rejects.toThrow('does not answer');
  });

  test('§9: one that knows NAT-PMP only counts as silent', async () => {
    await fake.answers((request) => natPmpAnswer(request));
    await expect(map(pcp)).rejects.toMatchObject({ isSilence: true });
  });

  test('whoever does not listen is silent at once', async () => {
    await expect(map(pcp)).rejects.toMatchObject({ isSilence: true });
  });

  test('what is aborted ends with the reason', async () => {
    await fake.answers(() => []);
    const abort = new AbortController();
    const mapping = pcp.map(request(), abort.signal);
    abort.abort(new Error('enough'));
    await expect(mapping).rejects.toThrow('enough');
  });
});

describe('NAT-PMP (RFC 6886)', () => {
  test('§3.2, §3.3: address and mapping; §3.4: deletion', async () => {
    const requests: string[] = [];
    await fake.answers((request) => {
      requests.push(request.toString('hex'));
      return natPmpAnswer(request);
    });
    expect(await map(natPmp)).toEqual({ ...GRANTED, lifetimeMs: 7_200_000 });
    await unmap(natPmp);
    expect(requests).toEqual(['0000', '000100009c419c4100001c20', '000100009c41000000000000']);
  });

  test.each([
    ['the address 255.255.255.255', [255, 255, 255, 255], 0, 'says that its address is "255.255.255.255"'],
    ['result 2', [198, 51, 100, 7], 2, 'refuses (2 not authorized)'],
  ])('a router that answers with %s', async (_, address, result, why) => {
    await fake.answers((request) => natPmpAnswer(request, address, result));
    await expect(map(natPmp)).rejects.toThrow(why);
  });
});

describe('UPnP IGD (RFC 6081 §5.3.3)', () => {
  test('EXT-20, EXT-21: AddPortMapping with the fields of the RFC, then GetExternalIPAddress', async () => {
    const fields: string[] = [];
    await serve({
      ...honest,
      AddPortMapping: (field) => {
        for (const name of FIELDS) fields.push(`${name}=${field(`New${name}`)}`);
        return '';
      },
    });
    expect(await map(new Upnp())).toEqual({ ...GRANTED, lifetimeMs: Number.POSITIVE_INFINITY });
    expect(fields).toEqual([
      'RemoteHost=',
      'ExternalPort=40001',
      'Protocol=UDP',
      'InternalPort=40001',
      'InternalClient=127.0.0.1',
      'Enabled=1',
      'PortMappingDescription=TEREDO',
      'LeaseDuration=0',
    ]);
    expect(fake.asked).toEqual(['AddPortMapping', 'GetExternalIPAddress']);
  });

  test.each(['WANIPConnection:1', 'WANIPConnection:2', 'WANPPPConnection:1'])('the service %s', async (service) => {
    await serve(honest, { service });
    expect(await map(new Upnp())).toMatchObject(GRANTED);
  });

  test('a router without mappings that never end gets a finite lease', async () => {
    await serve({ ...honest, AddPortMapping: (field) => (field('NewLeaseDuration') === '0' ? 402 : '') });
    expect(await map(new Upnp())).toEqual({ ...GRANTED, lifetimeMs: 3_600_000 });
  });

  test('EXT-25: only a mapping of ours is deleted', async () => {
    const deleted: string[] = [];
    const owner = { GetSpecificPortMappingEntry: () => '<NewInternalClient>127.0.0.9</NewInternalClient>' };
    const DeletePortMapping = (field: (name: string) => string) => {
      deleted.push(field('NewExternalPort') + field('NewProtocol') + field('NewRemoteHost'));
      return '';
    };
    await serve({ ...honest, DeletePortMapping });
    await unmap(new Upnp());
    expect(deleted).toEqual(['40001UDP']);
    fake.close();
    fake = new FakeRouter();
    await serve({ ...honest, ...owner, DeletePortMapping });
    await unmap(new Upnp());
    expect(deleted).toEqual(['40001UDP']);
  });

  test('718: the port is ours already, or another host has it', async () => {
    await serve({ ...honest, AddPortMapping: () => 718 });
    expect(await map(new Upnp())).toMatchObject(GRANTED);
    fake.close();
    fake = new FakeRouter();
    await serve({ ...honest, AddPortMapping: () => 718, GetSpecificPortMappingEntry: () => 714 });
    await expect(map(new Upnp())).rejects.toThrow('refuses (718 Because)');
  });

  test.each([
    ['no address', '', '""'],
    ['the address 0.0.0.0', '<NewExternalIPAddress>0.0.0.0</NewExternalIPAddress>', '"0.0.0.0"'],
    ['a name', '<NewExternalIPAddress>evil.example</NewExternalIPAddress>', '"evil.example"'],
  ])('EXT-21: a router that tells %s: the mapping is deleted again', async (_, text, words) => {
    await serve({ ...honest, GetExternalIPAddress: () => text });
    await expect(map(new Upnp())).rejects.toThrow(`says that its address is ${words}`);
    expect(fake.asked).toEqual(['AddPortMapping', 'GetExternalIPAddress', 'DeletePortMapping']);
  });

  test('a private address is an address: there is another NAT behind the router', async () => {
    await serve({ ...honest, GetExternalIPAddress: () => '<NewExternalIPAddress>10.1.2.3</NewExternalIPAddress>' });
    expect(await map(new Upnp())).toMatchObject({ address: '10.1.2.3' });
  });

  test('606: a router that refuses is not asked twice', async () => {
    await serve({ ...honest, AddPortMapping: () => 606 });
    await expect(map(new Upnp())).rejects.toThrow('refuses (606 Because)');
    expect(fake.asked).toEqual(['AddPortMapping']);
  });

  test('a router that restarted elsewhere is found again', async () => {
    const upnp = new Upnp();
    await serve(honest);
    await map(upnp);
    fake.close();
    const { router } = fake;
    fake = new FakeRouter();
    Object.assign(fake.router, router);
    await serve(honest);
    expect(await map(upnp)).toMatchObject(GRANTED);
  });

  test.each<[string, IgdOptions & { location?: string }, string]>([
    ['its description elsewhere', { location: 'http://127.0.0.1:1/' }, 'sends us to "http://127.0.0.1:1/"'],
    ['its description by HTTPS', { location: 'https://127.83.0.1/' }, 'sends us to "https://127.83.0.1/"'],
    ['its description in a file', { location: 'file:///etc/passwd' }, 'sends us to "file:///etc/passwd"'],
    ['its control URL elsewhere', { control: 'http://192.0.2.1/x' }, 'sends us to "http://192.0.2.1/x"'],
    ['its base elsewhere', { base: 'http://192.0.2.1/' }, 'sends us to "http://192.0.2.1/"'],
  ])('a router that names %s', async (_, options, why) => {
    await fake.serves(igd(fake, honest, options), options.location);
    await expect(map(new Upnp())).rejects.toThrow(why);
    expect(fake.asked).toEqual([]);
  });

  test('whoever else answers is not heard', async () => {
    await fake.serves(igd(fake, honest), undefined, fake.router.gateway.replace(/\.(\d+)$/, '.2$1'));
    await expect(map(new Upnp())).rejects.toMatchObject({ isSilence: true });
    expect(fake.asked).toEqual([]);
  });

  const bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><root>&b;</root>';
  test.each<[string, RequestListener, string]>([
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end(), 'redirects us'],
    ['a body without end', (_, response) => pour(() => response.write('a'.repeat(65_536))), 'more than 131072 octets'],
    ['headers without end', (_, { socket }) => pour(() => socket!.write(`X: ${'a'.repeat(4_000)}\r\n`)), 'by HTTP'],
    ['garbage', (_, response) => response.end('\x00\xff<<<'), 'describes itself with nonsense'],
    ['entities that grow', (_, response) => response.end(bomb), 'describes itself with nonsense'],
    ['elements without end', (_, response) => response.end('<a>'.repeat(10_000)), 'describes itself with nonsense'],
    ['nothing of use', (_, response) => response.end('<root/>'), 'has no service that maps ports'],
    ['error 404', (_, response) => response.writeHead(404).end('<root/>'), 'nonsense (HTTP 404)'],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).end('<'),
      'by HTTP|breaks off',
    ],
    ['a closed line', (_, { socket }) => socket!.destroy(), 'by HTTP'],
  ])('a router that answers with %s', async (_, page, why) => {
    await fake.serves(page);
    await expect(map(new Upnp())).rejects.toThrow(new RegExp(why.replace(/[()]/g, '\\$&')));
  });

  test.each<[string, RequestListener]>([
    ['garbage', (_, response) => response.end('<<<')],
    ['the answer to another question', (_, response) => response.end('<a><GetStatusResponse/></a>')],
    ['error 500 without a word', (_, response) => response.writeHead(500).end()],
  ])('a router that answers an action with %s', async (_, page) => {
    const device = igd(fake, honest);
    await fake.serves((request, response) =>
      request.url === '/control' ? page(request, response) : device(request, response),
    );
    await expect(map(new Upnp())).rejects.toThrow('answers AddPortMapping with nonsense');
  });
});

const FIELDS = [
  'RemoteHost',
  'ExternalPort',
  'Protocol',
  'InternalPort',
  'InternalClient',
  'Enabled',
  'PortMappingDescription',
  'LeaseDuration',
];

function request() {
  return { router: fake.router, localPort: PORT, nonce: Buffer.alloc(12, 7) };
}

function map(method: MappingMethod) {
  return method.map(request(), new AbortController().signal);
}

function unmap(method: MappingMethod) {
  return method.unmap(request(), new AbortController().signal);
}

async function serve(actions: Actions, options?: IgdOptions): Promise<void> {
  await fake.serves(igd(fake, actions, options));
}

/** Much, but not for ever, should nobody stop it. */
function pour(write: () => void): void {
  for (let i = 0; i < 64; i++) write();
}
