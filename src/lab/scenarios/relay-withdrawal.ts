import type { Scenario } from '../scenario.ts';

export const relayWithdrawal: Scenario = {
  name: 'relay-withdrawal',
  title: 'Two relays; the nearer one stops announcing 2001::/32, and traffic finds the other',
  about:
    'Anycast routing may change its mind at any time. The client does not follow blindly: whoever sends for a host it ' +
    'trusts, but from another endpoint, is tested again (RFC 4380 §5.2.3 case 6, §7.2.2).',
  nodes: [
    { type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] },
    { type: 'relay', name: 'near relay', ipv4: '192.0.2.200', ipv6: '2001:db8:e::1', metric: 5 },
    {
      type: 'relay',
      name: 'far relay',
      ipv4: '198.51.100.9',
      ipv6: '2001:db8:f::1',
      metric: 50,
      link: { delayMs: 40 },
    },
    { type: 'IPv6-only host', name: 'IPv6 host', ipv6: '2001:db8:6::80' },
    { type: 'NAT', name: 'NAT', nat: 'port-restricted', ipv4: '192.0.2.45' },
    { type: 'client', name: 'client', server: 'server', behind: 'NAT' },
  ],
  chapters: [
    {
      title: 'Both relays announce: the nearer one is used',
      about: 'The reply of the IPv6 host goes to the relay that routing prefers.',
      steps: [
        { do: 'start', clients: ['client'], expect: 'qualified' },
        { do: 'ping', from: 'client', to: 'IPv6 host', count: 2, expect: 'answered' },
      ],
    },
    {
      title: 'The nearer relay withdraws its route',
      about: 'The next reply reaches the far relay, which does not know the client yet.',
      steps: [
        { do: 'withdraw', relay: 'near relay' },
        { do: 'ping', from: 'client', to: 'IPv6 host', count: 3, expect: 'answered' },
      ],
    },
    {
      title: 'No relay is left',
      about: 'Without any relay nothing leads from the IPv6 Internet to Teredo clients.',
      steps: [
        { do: 'withdraw', relay: 'far relay' },
        { do: 'ping', from: 'IPv6 host', to: 'client', count: 1, expect: 'unanswered' },
      ],
    },
  ],
};
