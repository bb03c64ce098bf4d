import { expect, test } from 'vitest';
import {
  type AddressFacts,
  type Facts,
  no,
  notKnown,
  type ServerFacts,
  yes,
} from '../../src/daemon/diagnosis/facts.ts';
import { judge } from '../../src/daemon/diagnosis/verdict.ts';
import { parseIpv4 } from '../../src/wire/text.ts';

type Knocks = NonNullable<AddressFacts['knocks']>;
type Client = NonNullable<Facts['client']>;

const MAPPED = { ipv4: parseIpv4('198.51.100.1')!, port: 40_000 };
const SILENT: Knocks = { service: 'silent', otherUdp: 'silent', tcp: 'silent' };

test.each<[code: string, works: 'yes' | 'partly' | 'no', facts: Partial<Facts>]>([
  ['TD-DIAGNOSE-WORKS', 'yes', { open: yes() }],
  ['TD-DIAGNOSE-WORKS', 'yes', { openByMapping: yes() }],
  ['TD-DIAGNOSE-WORKS', 'yes', { client: client('address-restricted') }],
  ['TD-DIAGNOSE-NO-SYMMETRIC-PEERS', 'partly', {}],
  ['TD-DIAGNOSE-NO-SYMMETRIC-PEERS', 'partly', { open: notKnown('the server does not write first') }],
  ['TD-DIAGNOSE-SYMMETRIC', 'partly', { client: client('symmetric'), open: yes() }],
  ['TD-DIAGNOSE-NOT-QUALIFIED', 'no', { client: { offLine: 'secondary server unreachable' } }],
  ['TD-DIAGNOSE-SERVER-NAME', 'no', asking({ name: 'nobody.example', nameError: 'there is no such name' })],
  ['TD-DIAGNOSE-KEY-REJECTED', 'no', asking(server('rejected', 'rejected'))],
  ['TD-DIAGNOSE-SERVER-HALF-DEAD', 'no', asking(server('answers', SILENT))],
  ['TD-DIAGNOSE-SERVER-HALF-DEAD', 'no', asking(server(SILENT, 'answers'))],
  ['TD-DIAGNOSE-NO-ROUTE', 'no', { ...asking(server(SILENT, SILENT)), wayOut: undefined }],
  ['TD-DIAGNOSE-LOCAL-FIREWALL', 'no', asking(server(SILENT, SILENT, 'EPERM'))],
  ['TD-DIAGNOSE-SERVER-UNREACHABLE', 'no', asking(server(SILENT, SILENT), server('answers', SILENT))],
  ['TD-DIAGNOSE-NO-SERVER', 'no', asking(knocked({ service: 'answered' }))],
  ['TD-DIAGNOSE-3544-BLOCKED', 'no', asking(knocked({ otherUdp: 'answered', tcp: 'answered' }))],
  ['TD-DIAGNOSE-UDP-BLOCKED', 'no', asking(knocked({ tcp: 'answered' }))],
  ['TD-DIAGNOSE-NO-ANSWER', 'no', asking(knocked({}))],
])('%s: %s', (code, works, differences) => {
  const verdict = judge(facts(differences));
  expect(verdict).toMatchObject({ code, works });
  // Whoever reads a verdict that is not all well is told why, and what to do.
  if (works !== 'yes') expect([verdict.cause, verdict.next]).not.toContain('');
});

test('another server that answers is what to use, whatever ails the first', () => {
  const other = { ...server('answers', 'answers'), name: 'other.example' };
  const verdict = judge(facts(asking(server('answers', SILENT), other)));
  expect(verdict).toMatchObject({ code: 'TD-DIAGNOSE-SERVER-HALF-DEAD', rules: [] });
  expect(verdict.next).toContain('teredo client other.example');
});

test('behind two NATs the rule is for the outer one', () => {
  const method = {} as never;
  const answer = { protocol: 'PCP', method, value: 'yes', reason: '', external: '10.0.0.7' } as const;
  const { cause, next } = judge(facts({ services: [answer] }));
  expect(cause).toContain('a second NAT');
  expect(next).toContain('outer NAT');
});

/** A network that lets in only whom it wrote to, unless told otherwise. */
function facts(differences: Partial<Facts>): Facts {
  const asked = server('answers', 'answers');
  return {
    servers: [asked],
    asked,
    wayOut: { interfaceName: 'eth0', local: '192.168.1.2', gateway: '192.168.1.1', mtu: 1_500, kind: undefined },
    router: { gateway: '192.168.1.1', local: '192.168.1.2' },
    mapped: MAPPED,
    servicePort: 3_545,
    isPortChosen: false,
    client: client('port-restricted'),
    open: no(),
    openByMapping: no(),
    services: 'not asked',
    lifetime: notKnown('not asked'),
    lifetimeMs: undefined,
    rules: [],
    nativeIpv6: no(),
    managedNetwork: no(),
    mtu: yes(),
    ...differences,
  };
}

function client(nat: NonNullable<Client['nat']>): Client {
  return { nat, qualified: { type: 'qualified', nat } as NonNullable<Client['qualified']> };
}

function asking(first: ServerFacts, ...others: readonly ServerFacts[]): Partial<Facts> {
  return { servers: [first, ...others], asked: undefined, client: undefined };
}

function server(primary: Knocks | 'answers' | 'rejected', secondary: typeof primary, sendError?: string): ServerFacts {
  const address = (text: string, how: typeof primary): AddressFacts => ({
    ipv4: parseIpv4(text)!,
    outcome:
      how === 'answers' ? { mapped: MAPPED, mtu: 1_280, rttMs: 20, tries: 1 } : how === 'rejected' ? how : 'silent',
    sendError,
    ...(typeof how === 'string' ? {} : { knocks: how }),
  });
  return { name: '192.0.2.1', primary: address('192.0.2.1', primary), secondary: address('192.0.2.2', secondary) };
}

function knocked(knocks: Partial<Knocks>): ServerFacts {
  return server({ ...SILENT, ...knocks }, SILENT);
}
