import type { NodeSpec, Scenario } from '../scenario.ts';

const common: readonly NodeSpec[] = [
  { type: 'NAT', name: 'NAT', nat: 'port-restricted', ipv4: '192.0.2.45', link: { delayMs: 9 } },
  { type: 'client', name: 'client', server: 'server', behind: 'NAT', link: { delayMs: 1 } },
  { type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] },
];

export const twoRelays: Scenario = {
  name: 'two-relays',
  title: 'Two relays, two IPv6 hosts: each is reached by the relay that is nearest to it',
  about:
    'Nobody tells a client which relay to use. The reply of each host goes to the relay that routing prefers there, and ' +
    'that relay finds the client: so one client has several relays at once (RFC 4380 §5.2.9, §5.4).',
  nodes: [
    ...common,
    { type: 'relay', name: 'relay west', ipv4: '192.0.2.200', ipv6: '2001:db8:e::1', metric: 10, link: { delayMs: 8 } },
    {
      type: 'relay',
      name: 'relay east',
      ipv4: '198.51.100.9',
      ipv6: '2001:db8:f::1',
      metric: 20,
      link: { delayMs: 25 },
    },
    { type: 'IPv6-only host', name: 'host west', ipv6: '2001:db8:6::80', nearestRelay: 'relay west' },
    { type: 'IPv6-only host', name: 'host east', ipv6: '2001:db8:7::80', nearestRelay: 'relay east' },
  ],
  chapters: [
    {
      title: 'The client pings the host in the west',
      about: 'The reply to its test comes by the western relay.',
      steps: [
        { do: 'start', clients: ['client'], expect: 'qualified' },
        { do: 'ping', from: 'client', to: 'host west', count: 2, expect: 'answered' },
      ],
    },
    {
      title: 'The client pings the host in the east',
      about: 'The same prelude, and another relay at the end of it.',
      steps: [{ do: 'ping', from: 'client', to: 'host east', count: 2, expect: 'answered' }],
    },
    {
      title: 'Both at once',
      about: 'The client keeps one entry for each host in its list of recent peers (§5.2).',
      steps: [
        { do: 'ping', from: 'host west', to: 'client', expect: 'answered' },
        { do: 'ping', from: 'host east', to: 'client', expect: 'answered' },
      ],
    },
  ],
};

export const relayFailure: Scenario = {
  name: 'relay-failure',
  title: 'A relay dies but goes on announcing its route: what is lost until routing notices',
  about:
    'A relay that falls silent while its route stays is the worst case: nothing tells the client. When the route ends, ' +
    'the next relay takes over by itself, for relays keep no state that others would need (RFC 4380 §5.4).',
  nodes: [
    ...common,
    { type: 'relay', name: 'relay', ipv4: '192.0.2.200', ipv6: '2001:db8:e::1', metric: 5, link: { delayMs: 8 } },
    {
      type: 'relay',
      name: 'spare relay',
      ipv4: '198.51.100.9',
      ipv6: '2001:db8:f::1',
      metric: 50,
      link: { delayMs: 25 },
    },
    { type: 'IPv6-only host', name: 'IPv6 host', ipv6: '2001:db8:6::80' },
  ],
  chapters: [
    {
      title: 'All is well',
      about: 'The relay with the better metric is used.',
      steps: [
        { do: 'start', clients: ['client'], expect: 'qualified' },
        { do: 'ping', from: 'client', to: 'IPv6 host', count: 2, expect: 'answered' },
      ],
    },
    {
      title: 'The relay dies, its route stays',
      about: 'Packets go where nobody is.',
      steps: [
        { do: 'change link', node: 'relay', to: { isUp: false } },
        { do: 'ping', from: 'client', to: 'IPv6 host', count: 3, expect: 'unanswered' },
      ],
    },
    {
      title: 'Routing notices',
      about:
        'The route ends. What the client knows of the host ends 30 s after it last heard of it (§5.2); then its next ping ' +
        'begins with a test, and the spare relay answers.',
      steps: [
        { do: 'withdraw', relay: 'relay' },
        { do: 'skip', ms: 31_000 },
        { do: 'ping', from: 'client', to: 'IPv6 host', count: 2, expect: 'answered' },
      ],
    },
  ],
};
