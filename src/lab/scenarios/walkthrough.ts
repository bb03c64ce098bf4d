import type { Scenario } from '../scenario.ts';
import { natTypeChapter, natTypeNodes } from './nat-types.ts';

/** The network that articles on Teredo draw: everything that RFC 4380 describes, once. */
export const walkthrough: Scenario = {
  name: 'walkthrough',
  title: 'Teredo from the first datagram to the last: the whole of RFC 4380 in one small network',
  about:
    'Two machines with nothing but private IPv4 addresses behind two different NATs become part of the IPv6 Internet. ' +
    'Every line below is a datagram of this run, and its sentence is made from its octets.',
  nodes: [
    {
      type: 'client',
      name: 'client A',
      server: 'server',
      behind: 'NAT A',
      servicePort: 50_123,
      about: 'a PC with a private address',
      link: { delayMs: 1 },
    },
    {
      type: 'NAT',
      name: 'NAT A',
      nat: 'port-restricted',
      ipv4: '192.0.2.45',
      options: { allocation: 'sequential', firstPort: 40_000 },
      about: 'port-restricted; gives out ports in order',
      link: { delayMs: 9 },
    },
    {
      type: 'name server',
      name: 'name server',
      ipv4: '198.51.100.53',
      names: { 'ipv6.example': ['2001:db8:6::80'], 'dual.example': ['198.51.100.200', '2001:db8:d::1'] },
      about: 'answers AAAA questions',
    },
    {
      type: 'server',
      name: 'server',
      ipv4: ['203.0.113.1', '203.0.113.2'],
      about: 'Teredo server; needs two addresses',
    },
    {
      type: 'relay',
      name: 'relay',
      ipv4: '192.0.2.200',
      ipv6: '2001:db8:e::1',
      about: 'Teredo relay; announces 2001::/32',
      link: { delayMs: 8 },
    },
    { type: 'IPv6-only host', name: 'IPv6 host', ipv6: '2001:db8:6::80', about: 'speaks no IPv4 at all' },
    {
      type: 'dual-stack host',
      name: 'dual host',
      ipv4: '198.51.100.200',
      ipv6: '2001:db8:d::1',
      about: 'speaks both; a relay for itself',
      link: { delayMs: 4 },
    },
    {
      type: 'NAT',
      name: 'NAT B',
      nat: 'address-restricted',
      ipv4: '198.51.100.77',
      options: { allocation: 'random', inside: '10.0.0.0' },
      about: 'address-restricted; draws ports at random',
      link: { delayMs: 12 },
    },
    {
      type: 'client',
      name: 'client B',
      server: 'server',
      behind: 'NAT B',
      servicePort: 51_413,
      about: 'another, elsewhere',
      link: { delayMs: 1 },
    },
    ...natTypeNodes,
  ],
  chapters: [
    {
      title: 'A name that has only an IPv6 address',
      about:
        'Client A wants to talk to ipv6.example. It has a private IPv4 address and nothing else. DNS works over IPv4 as ever.',
      steps: [{ do: 'look up', from: 'client A', name: 'ipv6.example' }],
    },
    {
      title: 'Client A qualifies',
      about:
        'To get an IPv6 address the client must learn how the outside sees it: which address and port its NAT gives it, ' +
        'and whether they stay the same for different correspondents. Two solicitations find out (RFC 4380 §5.2.1).',
      steps: [
        { do: 'start', clients: ['client A'], expect: 'qualified' },
        { do: 'show address', client: 'client A' },
      ],
    },
    {
      title: 'Client B qualifies behind another NAT',
      about: 'The same four datagrams, another NAT: this one draws its port numbers at random.',
      steps: [
        { do: 'start', clients: ['client B'], expect: 'qualified' },
        { do: 'show address', client: 'client B' },
      ],
    },
    {
      title: 'Client A pings an IPv6 host, four times',
      about:
        'Somewhere a relay connects both worlds, but client A does not know where. The prelude of the first ping finds ' +
        'it without asking anybody: it lets the answer find the way (§5.2.9). Then three more pings, a second apart.',
      steps: [{ do: 'ping', from: 'client A', to: 'IPv6 host', count: 4, expect: 'answered' }],
    },
    {
      title: 'The IPv6 host pings client B',
      about:
        'Now the other way round: the host knows nothing of Teredo, it sends to an IPv6 address. The relay must get ' +
        'through NAT B, and client B must not believe whoever claims to be the host (§5.2.3 case 6).',
      steps: [{ do: 'ping', from: 'IPv6 host', to: 'client B', count: 2, expect: 'answered' }],
    },
    {
      title: 'Client A pings client B',
      about:
        'Two clients behind two NATs, neither of which lets strangers in. Once both have sent, both are open ' +
        '(§5.2.4 case 5). No relay takes part.',
      steps: [{ do: 'ping', from: 'client A', to: 'client B', count: 2, expect: 'answered' }],
    },
    {
      title: 'Client A pings a dual-stack host that has a relay of its own',
      about:
        'A host with both IPv4 and IPv6 need not leave its Teredo traffic to a far relay: it runs one for itself alone ' +
        '(§5.4, host-specific relay), and packets take the straight way over IPv4.',
      steps: [{ do: 'ping', from: 'client A', to: 'dual host', count: 2, expect: 'answered' }],
    },
    {
      title: 'Keep-alive',
      about:
        'A NAT forgets a mapping that is not used, and with the mapping goes the address. When nothing has come from ' +
        'the server for a while, the client asks again (§5.2.5).',
      steps: [{ do: 'wait for refresh', client: 'client A' }],
    },
    natTypeChapter,
  ],
};
