import type { NatName } from '../nats.ts';
import type { NodeSpec, Scenario } from '../scenario.ts';

/** The four kinds that RFC 3489 named and RFC 4380 §3.1 speaks of, and their letters in the names of nodes. */
const NATS: readonly (readonly [string, NatName, string])[] = [
  ['1', 'cone', '192.0.2.11'],
  ['2', 'address-restricted', '192.0.2.12'],
  ['3', 'port-restricted', '192.0.2.13'],
  ['4', 'symmetric', '192.0.2.14'],
];

/** One NAT of each kind, and a client behind each. */
export const natTypeNodes: readonly NodeSpec[] = NATS.flatMap(([number, nat, ipv4], i): NodeSpec[] => [
  {
    type: 'NAT',
    name: `NAT ${number}`,
    nat,
    ipv4,
    about: '',
    options: { inside: `10.0.${i + 1}.0`, allocation: nat === 'symmetric' ? 'random' : 'preserving' },
    link: { delayMs: 10 },
  },
  {
    type: 'client',
    name: `client ${number}`,
    server: 'server',
    behind: `NAT ${number}`,
    about: '',
    identifiesNat: true,
    link: { delayMs: 1 },
  },
]);

const clients = NATS.map(([number]) => `client ${number}`);

/** Shown as a table: what each question brought behind each NAT. */
export const natTypeChapter: Scenario['chapters'][number] = {
  title: 'Four kinds of NAT, side by side',
  about:
    'Which datagrams get in tells one NAT from another. Each client asks the same questions; the cone bit asks the ' +
    'server to answer from its other address, to which nothing was sent (§5.2.1). RFC 5991 §3.2 took that question ' +
    'out of qualification; our client asks it in the background, from a second port.',
  show: 'NAT table',
  steps: [
    { do: 'start', clients: clients.slice(0, 3), expect: 'qualified' },
    { do: 'start', clients: clients.slice(3), expect: 'off-line' },
    { do: 'identify NAT', clients },
  ],
};

export const natTypes: Scenario = {
  name: 'nat-types',
  title: 'Cone, address-restricted, port-restricted and symmetric NATs: how a client tells them apart',
  about: 'One client behind each kind of NAT, one server with two addresses.',
  nodes: [{ type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] }, ...natTypeNodes],
  chapters: [natTypeChapter],
};
