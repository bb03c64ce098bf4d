import type { NatName } from '../nats.ts';
import type { NodeSpec, Scenario } from '../scenario.ts';

/** The NATs of RFC 6081 §3, figure 1, in its order. */
export const pairNats: readonly NatName[] = [
  'cone',
  'address-restricted',
  'port-restricted',
  'UPnP port-restricted',
  'UPnP symmetric',
  'port-preserving symmetric',
  'sequential symmetric',
  'symmetric',
  'address-symmetric',
];

/**
 * Who reaches whom (docs/nat-matrix.md; rows begin): `4`: RFC 4380 alone connects them, `6`: RFC 6081 does, `-`:
 * nothing does.
 */
const TABLE: readonly string[] = [
  '444466666',
  '44446666-',
  '4444-66--',
  '444466666',
  '66-66----',
  '6666-66--',
  '6666-----',
  '66-6-----',
  '6--6-----',
];

/** By which RFC clients behind these two NATs meet; undefined: they do not. */
export function meetsBy(from: NatName, to: NatName): 4380 | 6081 | undefined {
  const cell = TABLE[pairNats.indexOf(from)]?.[pairNats.indexOf(to)];
  return cell === '4' ? 4380 : cell === '6' ? 6081 : undefined;
}

/** "cone-to-upnp-symmetric". */
export function pairName(from: NatName, to: NatName): string {
  return `${kebab(from)}-to-${kebab(to)}`;
}

/** The scenario of a pair by its name; undefined: there is no such pair. */
export function natPairByName(name: string): Scenario | undefined {
  for (const from of pairNats) {
    const to = pairNats.find((nat) => pairName(from, nat) === name);
    if (to !== undefined) return natPair(from, to);
  }
  return undefined;
}

/** Two clients behind these two NATs, with all of RFC 6081: the first pings the second, from cold. */
export function natPair(from: NatName, to: NatName): Scenario {
  const by = meetsBy(from, to);
  const verdict =
    by === undefined
      ? 'They do not meet: no rule of RFC 4380 or RFC 6081 opens both NATs for each other (RFC 6081 §3, figure 1).'
      : `They meet${by === 4380 ? ' by RFC 4380 alone' : ', and it takes RFC 6081'}: see which bubbles get in.`;
  return {
    name: pairName(from, to),
    title: `From behind a ${from} NAT to behind a ${to} NAT`,
    about: `Two clients on one server, each with a NAT of its own. ${verdict}`,
    nodes: [
      ...side('A', from, '192.0.2'),
      { type: 'server', name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] },
      ...side('B', to, '198.51.100'),
    ],
    chapters: [
      {
        title: 'Both clients qualify',
        about: 'With the extensions of RFC 6081 a symmetric NAT is no obstacle to that (§5.2.1 there).',
        steps: [{ do: 'start', clients: ['client A', 'client B'], expect: 'qualified' }],
      },
      {
        title: 'Client A pings client B',
        about: 'Neither has heard of the other before.',
        steps: [
          // Time for what a client asks of its router (RFC 6081 §5.3, §5.6).
          { do: 'skip', ms: 3_000 },
          {
            do: 'ping',
            from: 'client A',
            to: 'client B',
            count: 3,
            expect: by === undefined ? 'unanswered' : 'answered',
          },
        ],
      },
    ],
  };
}

/** An address-symmetric NAT has so many addresses that two mappings hardly ever share one. */
const ADDRESSES = 40;

function side(letter: string, nat: NatName, prefix: string): NodeSpec[] {
  const many = Array.from({ length: ADDRESSES }, (_, i) => `${prefix}.${i + 1}`);
  const ipv4 = nat === 'address-symmetric' ? many : `${prefix}.1`;
  const client: NodeSpec = {
    type: 'client',
    name: `client ${letter}`,
    server: 'server',
    behind: `NAT ${letter}`,
    extensions: true,
    link: { delayMs: 1 },
  };
  const router: NodeSpec = { type: 'NAT', name: `NAT ${letter}`, nat, ipv4, link: { delayMs: 9 } };
  return [client, router];
}

function kebab(nat: NatName): string {
  return nat.toLowerCase().replaceAll(' ', '-');
}
