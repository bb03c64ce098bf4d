import { z } from 'zod';
import { TeredoError } from '../errors.ts';
import { parseIpv4, parseIpv6 } from '../wire/text.ts';
import { natNames } from './nats.ts';
import type { Scenario } from './scenario.ts';

/** A scenario as a file, with the seed it was watched with: what the page saves and `teredo lab run FILE` runs. */
export interface ScenarioFile {
  readonly seed: number;
  readonly scenario: Scenario;
}

/** Nobody writes more than this by hand; a file that has more is no scenario. */
const NODES_MAX = 512;
const STEPS_MAX = 1_000;
/** A day of virtual time. */
const WAIT_MAX_MS = 86_400_000;

const ipv4 = z.string().refine((text) => parseIpv4(text) !== undefined, 'not an IPv4 address');
const ipv6 = z.string().refine((text) => parseIpv6(text) !== undefined, 'not an IPv6 address');
const name = z.string().min(1).max(64);
const fraction = z.number().min(0).max(1);
const ms = z.number().min(0).max(WAIT_MAX_MS);
const nat = z.enum(natNames);
const dependence = z.enum(['endpoint-independent', 'address', 'address-and-port']);

const linkShape = {
  delayMs: ms.optional(),
  jitterMs: ms.optional(),
  loss: fraction.optional(),
  duplicate: fraction.optional(),
  mtu: z.number().int().min(68).max(65_535).optional(),
};
const link = z.strictObject(linkShape);
const named = { name, about: z.string().optional(), link: link.optional() };

const node = z.discriminatedUnion('type', [
  z.strictObject({ ...named, type: z.literal('name server'), ipv4, names: z.record(z.string(), z.array(z.string())) }),
  z.strictObject({ ...named, type: z.literal('server'), ipv4: z.tuple([ipv4, ipv4]) }),
  z.strictObject({ ...named, type: z.literal('relay'), ipv4, ipv6, metric: z.number().int().min(0).optional() }),
  z.strictObject({ ...named, type: z.literal('IPv6-only host'), ipv6, nearestRelay: name.optional() }),
  z.strictObject({ ...named, type: z.literal('dual-stack host'), ipv4, ipv6 }),
  z.strictObject({ ...named, type: z.literal('IPv4 host'), ipv4 }),
  z.strictObject({
    ...named,
    type: z.literal('NAT'),
    nat,
    ipv4: z.union([ipv4, z.array(ipv4).max(NODES_MAX)]).optional(),
    behind: name.optional(),
    options: z
      .strictObject({
        mapping: dependence.optional(),
        filtering: dependence.optional(),
        allocation: z.enum(['preserving', 'sequential', 'random']).optional(),
        lifetimeMs: ms.optional(),
        inboundRefresh: z.boolean().optional(),
        hairpinning: z.boolean().optional(),
        upnp: z.boolean().optional(),
        firstPort: z.number().int().min(1_024).max(65_535).optional(),
        inside: ipv4.optional(),
      })
      .optional(),
  }),
  z.strictObject({
    ...named,
    type: z.literal('client'),
    server: name,
    behind: name.optional(),
    ipv4: ipv4.optional(),
    servicePort: z.number().int().min(1).max(65_535).optional(),
    identifiesNat: z.boolean().optional(),
    extensions: z.boolean().optional(),
  }),
]);

const forgery = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('advertisement'),
    client: name,
    server: name,
    claims: z.enum(['forger', 'server']),
  }),
  z.strictObject({ type: z.literal('self-addressed bubble'), server: name }),
  z.strictObject({ type: z.literal('false mapping'), relay: name, client: name, to: name }),
  z.strictObject({ type: z.literal('loop through relay'), relay: name, client: name }),
]);

const step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('start'), clients: z.array(name), expect: z.enum(['qualified', 'off-line']) }),
  z.strictObject({ do: z.literal('look up'), from: name, name: z.string().min(1).max(253) }),
  z.strictObject({
    do: z.literal('ping'),
    from: name,
    to: name,
    count: z.number().int().min(1).max(STEPS_MAX).optional(),
    expect: z.enum(['answered', 'partly answered', 'unanswered']),
  }),
  z.strictObject({ do: z.literal('show address'), client: name }),
  z.strictObject({ do: z.literal('skip'), ms }),
  z.strictObject({ do: z.literal('wait for refresh'), client: name }),
  z.strictObject({ do: z.literal('identify NAT'), clients: z.array(name) }),
  z.strictObject({ do: z.literal('withdraw'), relay: name }),
  z.strictObject({ do: z.literal('announce'), relay: name, metric: z.number().int().min(0) }),
  z.strictObject({
    do: z.literal('change link'),
    node: name,
    to: z.strictObject({ ...linkShape, isUp: z.boolean().optional() }),
  }),
  z.strictObject({ do: z.literal('change NAT'), nat: name, to: nat }),
  z.strictObject({ do: z.literal('forge'), from: name, forgery }),
]);

const file = z.strictObject({
  seed: z.number().int().min(0).max(0xffffffff).default(1),
  scenario: z.strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,64}$/, 'small letters, digits and hyphens'),
    title: z.string(),
    about: z.string(),
    nodes: z.array(node).min(1).max(NODES_MAX),
    chapters: z
      .array(
        z.strictObject({
          title: z.string(),
          about: z.string(),
          steps: z.array(step).max(STEPS_MAX),
          show: z.enum(['ladder', 'NAT table']).optional(),
        }),
      )
      .min(1)
      .max(STEPS_MAX),
  }),
});

/** Errors: TeredoError that names the first thing which is wrong, and where it stands. */
export function parseScenarioFile(text: string, path: string): ScenarioFile {
  const parsed = file.safeParse(json(text, path));
  if (parsed.success) {
    // Optional keys that are there have a value: JSON knows no `undefined`.
    return parsed.data as ScenarioFile;
  }
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw wrong(path, `${where === '' ? '' : `${where}: `}${issue?.message ?? 'not a scenario'}`);
}

function json(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(path, 'not JSON');
  }
}

function wrong(path: string, reason: string): TeredoError {
  return new TeredoError(
    'TD-USAGE-SCENARIO',
    `${path}: ${reason}`,
    'save a scenario in "teredo lab web" for a pattern',
  );
}
