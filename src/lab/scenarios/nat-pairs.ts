import type { NatName } from '../nats.ts';
import type { Chapter, NodeSpec, Scenario } from '../scenario.ts';

const NATS: readonly (readonly [string, NatName])[] = [
  ['cone', 'cone'],
  ['address', 'address-restricted'],
  ['port', 'port-restricted'],
];

/** Two clients for each kind, so that each kind also meets itself. */
const nodes: readonly NodeSpec[] = NATS.flatMap(([short, nat], kind) =>
  [1, 2].flatMap((twin): NodeSpec[] => [
    { type: 'NAT', name: `${short} NAT ${twin}`, nat, ipv4: `192.0.2.${10 * (kind + 1) + twin}` },
    { type: 'client', name: `${short} client ${twin}`, server: 'server', behind: `${short} NAT ${twin}` },
  ]),
);

const pings: readonly Chapter[] = NATS.flatMap(([from, fromNat]) =>
  NATS.map(
    ([to, toNat]): Chapter => ({
      title: `From ${fromNat} to ${toNat}`,
      about: 'RFC 4380 §5.2.4 case 5: a bubble straight, a bubble through the other server.',
      steps: [
        // Long enough for every NAT and every client to forget the pair before (RFC 4380 §5.2: 30 s; NATs: 120 s).
        { do: 'skip', ms: 150_000 },
        { do: 'ping', from: `${from} client 1`, to: `${to} client 2`, count: 2, expect: 'answered' },
      ],
    }),
  ),
);

export const natPairs: Scenario = {
  name: 'nat-pairs',
  title: 'Two clients behind each pair of NATs that RFC 4380 can get through',
  about: 'Nine pairs, each from cold: which bubbles get in depends on both NATs.',
  nodes: [{ type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] }, ...nodes],
  chapters: [
    {
      title: 'Six clients qualify',
      about: 'All on one server.',
      steps: [
        {
          do: 'start',
          clients: NATS.flatMap(([short]) => [`${short} client 1`, `${short} client 2`]),
          expect: 'qualified',
        },
      ],
    },
    ...pings,
  ],
};
