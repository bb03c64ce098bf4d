import type { Scenario } from '../scenario.ts';

export const lossyLink: Scenario = {
  name: 'lossy-link',
  title: 'One packet of seven is lost between the client and the Internet',
  about:
    'Everything that opens the way is sent again when no answer comes: solicitations after 4 s (§5.2.1), tests and ' +
    'bubbles after 2 s (§5.2.4, §5.4.1). What is merely lost as data is for others to repeat.',
  nodes: [
    { type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] },
    { type: 'relay', name: 'relay', ipv4: '192.0.2.200', ipv6: '2001:db8:e::1' },
    { type: 'IPv6-only host', name: 'IPv6 host', ipv6: '2001:db8:6::80' },
    { type: 'NAT', name: 'NAT', nat: 'port-restricted', ipv4: '192.0.2.45', link: { loss: 0.15 } },
    { type: 'client', name: 'client', server: 'server', behind: 'NAT' },
  ],
  chapters: [
    {
      title: 'Qualification through a bad link',
      about: 'Up to three solicitations to each address of the server.',
      steps: [{ do: 'start', clients: ['client'], expect: 'qualified' }],
    },
    {
      title: 'A ping through a bad link',
      about: 'Some requests or replies may be missing; the way itself is found.',
      steps: [{ do: 'ping', from: 'client', to: 'IPv6 host', count: 10, expect: 'partly answered' }],
    },
  ],
};
