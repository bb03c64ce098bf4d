import { describe, expect, test } from 'vitest';
import { allExtensions, noExtensions } from '../../../src/roles/client/extensions/extensions.ts';
import { echoRequest, teredoAddress } from '../packets.ts';
import { A, MAPPED_A, network, qualify, ScriptedRandom } from '../scene.ts';
import { ip, makeClient, pollDatagrams, pollEvents, transmit } from '../support.ts';
import { bubbles } from './extensions/scene.ts';

const NEIGHBOUR = teredoAddress('203.0.113.1', '192.0.2.45:40002', 0x0aa0);

describe('RFC 6081 §5.3.3, §5.6.3: a port mapping', () => {
  test('EXT-20, EXT-25: is asked for before the first solicitation leaves, and given back at the end', () => {
    const client = started();
    expect(pollEvents(client)[0]).toEqual({ type: 'port-mapping', wanted: true, localPort: 5000 });
    client.stop(10);
    expect(pollEvents(client).at(-1)).toEqual({ type: 'port-mapping', wanted: false, localPort: 5000 });
  });

  test.each([
    ['upnpSymmetricNat', { symmetricNat: true, upnpSymmetricNat: true }, true],
    ['hairpinning', { hairpinning: true }, true],
    ['upnpSymmetricNat without what it needs (EXT-01)', { upnpSymmetricNat: true }, false],
    ['the others', { ...allExtensions, upnpSymmetricNat: false, hairpinning: false }, false],
  ])('is of use to %s', (_name, switches, isWanted) => {
    const client = started({ ...noExtensions, ...switches });
    expect(pollEvents(client).some((event) => event.type === 'port-mapping')).toBe(isWanted);
  });

  test('is not waited for', () => {
    const client = started();
    qualify(client, 0);
    expect(client.isQualified).toBe(true);
  });

  test.each([
    ['before', true],
    ['after', false],
  ])(
    'EXT-22, EXT-51: that came %s qualification and is not the one the server sees, is told to neighbours',
    (_, isBefore) => {
      const client = started();
      if (isBefore) client.setPortMapping({ ipv4: ip('10.9.8.7'), port: 5000 });
      qualify(client, 0);
      if (!isBefore) client.setPortMapping({ ipv4: ip('10.9.8.7'), port: 5000 });
      expect(told(client)).toContain('alternate 10.9.8.7:5000');
    },
  );

  test('EXT-22: that is the one the server sees is nothing new to neighbours', () => {
    const client = started();
    client.setPortMapping({ ipv4: ip('192.0.2.45'), port: Number(MAPPED_A.split(':')[1]) });
    qualify(client, 0);
    expect(told(client)).not.toContain('alternate 192.0.2.45');
  });

  test('that is taken back counts no more', () => {
    const client = started();
    qualify(client, 0);
    client.setPortMapping({ ipv4: ip('10.9.8.7'), port: 5000 });
    client.setPortMapping(undefined);
    expect(told(client)).not.toContain('alternate 10.9.8.7');
  });
});

function started(extensions = { ...noExtensions, hairpinning: true }) {
  const client = makeClient({ extensions }, new ScriptedRandom());
  client.setLocalNetworks([network('192.168.1.10', 24)]);
  client.setLocalPort(5000);
  client.start(0);
  return client;
}

/** The trailers of the indirect bubble to a neighbour behind the same NAT. */
function told(client: ReturnType<typeof started>): string {
  pollDatagrams(client);
  transmit(client, echoRequest(A, NEIGHBOUR), 100);
  return bubbles(client).at(-1) ?? '';
}
