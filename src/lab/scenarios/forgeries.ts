import type { NodeSpec, Scenario } from '../scenario.ts';

const network: readonly NodeSpec[] = [
  { type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] },
  { type: 'relay', name: 'relay', ipv4: '192.0.2.200', ipv6: '2001:db8:e::1' },
  { type: 'IPv6-only host', name: 'IPv6 host', ipv6: '2001:db8:6::80' },
  { type: 'NAT', name: 'NAT', nat: 'port-restricted', ipv4: '192.0.2.45' },
  { type: 'client', name: 'client', server: 'server', behind: 'NAT' },
  { type: 'IPv4 host', name: 'forger', ipv4: '198.51.100.66' },
];

export const spoofedAdvertisement: Scenario = {
  name: 'spoofed-advertisement',
  title: 'A forged router advertisement does not move a client to another address',
  about:
    'Whoever could make a client believe another origin would own its address. The NAT keeps strangers out, and the ' +
    'nonce of the solicitation keeps out whoever forges the address of the server (RFC 4380 §5.2.2, §7.2.1).',
  nodes: network,
  chapters: [
    {
      title: 'The client qualifies',
      about: 'Four datagrams, as ever.',
      steps: [{ do: 'start', clients: ['client'], expect: 'qualified' }],
    },
    {
      title: 'Forged advertisements',
      about: 'One from an address of the forger, one that claims to come from the server.',
      steps: [
        {
          do: 'forge',
          from: 'forger',
          forgery: { type: 'advertisement', client: 'client', server: 'server', claims: 'forger' },
        },
        {
          do: 'forge',
          from: 'forger',
          forgery: { type: 'advertisement', client: 'client', server: 'server', claims: 'server' },
        },
      ],
    },
    {
      title: 'Nothing has changed',
      about: 'The client still has its address, and it still works.',
      steps: [
        { do: 'show address', client: 'client' },
        { do: 'ping', from: 'client', to: 'IPv6 host', count: 1, expect: 'answered' },
      ],
    },
  ],
};

export const loops: Scenario = {
  name: 'loops',
  title: 'Packets that would circle for ever, and packets with false sources, are refused',
  about:
    'Nothing lowers a hop limit on some ways through a tunnel, so servers and relays must see a loop coming ' +
    '(RFC 6324; RFC 4380 §5.3.1, §5.4.2).',
  nodes: network,
  chapters: [
    {
      title: 'The client qualifies and is known to the relay',
      about: 'So that there is somebody to pretend to be.',
      steps: [
        { do: 'start', clients: ['client'], expect: 'qualified' },
        { do: 'ping', from: 'client', to: 'IPv6 host', expect: 'answered' },
      ],
    },
    {
      title: 'Three forgeries, three refusals',
      about: 'Each would work against a node that forwards without looking.',
      steps: [
        { do: 'forge', from: 'forger', forgery: { type: 'self-addressed bubble', server: 'server' } },
        {
          do: 'forge',
          from: 'forger',
          forgery: { type: 'false mapping', relay: 'relay', client: 'client', to: 'IPv6 host' },
        },
        { do: 'forge', from: 'forger', forgery: { type: 'loop through relay', relay: 'relay', client: 'client' } },
      ],
    },
  ],
};
