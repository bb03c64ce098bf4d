import { setTimeout as delay } from 'node:timers/promises';
import type { NatType } from '../../roles/role.ts';
import { parseIpv4, parseIpv6 } from '../../wire/text.ts';
import type { Finding } from '../result.ts';
import type { Scenario, Step } from '../scenario.ts';
import { KernelCast, reportsOf } from './cast.ts';
import type { Network } from './namespaces.ts';
import { ping } from './ping.ts';
import { until } from './until.ts';

/** Longest waits, in ms: the protocol gives up or is done earlier. */
const QUALIFICATION_MS = 60_000;
const IDENTIFICATION_MS = 60_000;
/** Longer pauses are for what takes minutes of virtual time. */
const PAUSE_MAX_MS = 40_000;

/** What a scenario did on the kernel. */
export interface KernelResult {
  readonly scenario: Scenario;
  readonly chapters: readonly KernelChapter[];
  /** What the kernel laboratory did without, as sentences. */
  readonly leftOut: readonly string[];
  readonly nats: readonly NatCounters[];
  readonly isAsExpected: boolean;
}

export interface KernelChapter {
  readonly title: string;
  readonly about: string;
  readonly findings: readonly Finding[];
  readonly leftOut: readonly string[];
}

/** What a NAT node counted, in packets. */
export interface NatCounters {
  readonly name: string;
  readonly kind: string;
  readonly passed: Readonly<Record<string, number>>;
  /** By reason in words. */
  readonly refused: Readonly<Record<string, number>>;
}

/**
 * Runs a scenario in network namespaces of `network`, with the daemons that users start and with real pings.
 *
 * Steps that only a simulator can do are left out, and said so. The caller closes the network.
 *
 * Errors: throws when the system refuses something; what merely goes otherwise than expected is in the findings.
 */
export async function runOnKernel(scenario: Scenario, network: Network): Promise<KernelResult> {
  const cast = await KernelCast.build(network, scenario);
  const chapters: KernelChapter[] = [];
  for (const { title, about, steps } of scenario.chapters) {
    const findings: Finding[] = [];
    const leftOut: string[] = [];
    for (const step of steps) {
      const outcome = await runStep(cast, step);
      if (typeof outcome === 'string') leftOut.push(outcome);
      else findings.push(...outcome);
    }
    chapters.push({ title, about, findings, leftOut });
  }
  const nats = await countersOf(cast);
  const isAsExpected = chapters.every(({ findings }) => findings.every((finding) => finding.isAsExpected));
  return { scenario, chapters, leftOut: cast.leftOut, nats, isAsExpected };
}

/** What the step found out; a sentence: it is left out, and why. */
async function runStep(cast: KernelCast, step: Step): Promise<Finding[] | string> {
  switch (step.do) {
    case 'start':
      return start(cast, step);
    case 'ping':
      return [await pingOnce(cast, step)];
    case 'show address': {
      const address = parseIpv6(cast.addresses.get(step.client) ?? '');
      return address === undefined ? [] : [{ type: 'address', client: step.client, address, isAsExpected: true }];
    }
    case 'identify NAT':
      return Promise.all(step.clients.map((client) => identify(cast, client)));
    case 'withdraw':
      await cast.withdraw(step.relay);
      return [];
    case 'skip':
      if (step.ms > PAUSE_MAX_MS) return `${step.ms / 1_000} s of waiting are left out.`;
      await delay(step.ms);
      return [];
    case 'look up':
      return `${step.from} does not look up ${step.name}: there is no DNS here.`;
    case 'wait for refresh':
      return `Nobody waits for the refresh of ${step.client}.`;
    case 'announce':
      return `${step.relay} announces as before: routes only end here.`;
    case 'change NAT':
      return `${step.nat} stays as it is: NATs are exchanged in the simulator only.`;
    case 'change link':
      return (await cast.changeLink(step.node, step.to)) ? [] : `The link of ${step.node} stays as it is.`;
    case 'forge':
      return `Forged datagrams (${step.forgery.type}) are sent in the simulator only.`;
  }
}

async function start(cast: KernelCast, { clients, expect }: Step & { do: 'start' }): Promise<Finding[]> {
  const started = clients.map((name) => ({ name, process: cast.startClient(name) }));
  return Promise.all(
    started.map(async ({ name, process }): Promise<Finding> => {
      const [last] = await until(
        `the qualification of ${name}`,
        () => {
          if (!process.running) throw new Error(process.report());
          // A client that is meant to qualify may be off-line for a while first: it tries again by itself.
          const found = reportsOf(process, 'qualified').slice(-1);
          if (found.length === 0 && expect === 'off-line') found.push(...reportsOf(process, 'off-line').slice(-1));
          return found.length > 0 && found;
        },
        QUALIFICATION_MS,
      );
      const state = last!.type === 'qualified' ? 'qualified' : 'off-line';
      if (state === 'qualified') cast.addresses.set(name, String(last!.address));
      return {
        type: 'qualification',
        client: name,
        state,
        mapped: endpoint((last!.mapping as { external?: string } | undefined)?.external),
        reason: state === 'off-line' ? String(last!.reason) : undefined,
        isAsExpected: state === expect,
      };
    }),
  );
}

async function pingOnce(cast: KernelCast, { from, to, count = 1, expect }: Step & { do: 'ping' }): Promise<Finding> {
  const target = cast.addresses.get(to);
  if (target === undefined) throw new Error(`${to} has no IPv6 address to ping`);
  const { received: answered, output } = await ping(cast.host(from), target, count);
  const roundTripsMs = Array.from({ length: count }, (_, index) => {
    const time = new RegExp(`icmp_seq=${index + 1} .*time=([\\d.]+) ms`).exec(output)?.[1];
    return time === undefined ? undefined : Number(time);
  });
  const isAsExpected = expect === 'partly answered' ? answered > 0 : answered === (expect === 'answered' ? count : 0);
  return { type: 'ping', from, to, count, answered, roundTripsMs, isAsExpected };
}

async function identify(cast: KernelCast, client: string): Promise<Finding> {
  const process = cast.daemons.get(client);
  if (process === undefined) throw new Error(`${client} has not been started`);
  await process.printed(/"type":"nat-identified"/, IDENTIFICATION_MS);
  const found = reportsOf(process, 'nat-identified').at(-1)!.nat as NatType;
  const real = cast.natOf(client);
  const isAsExpected = found === (real.includes('symmetric') ? 'symmetric' : real);
  return { type: 'NAT', client, found, real, isAsExpected };
}

/** Stops the NAT nodes, which then say what they did. */
function countersOf(cast: KernelCast): Promise<NatCounters[]> {
  return Promise.all(
    [...cast.nats].map(async ([name, { node }]) => {
      await node?.stop();
      const report = node === undefined ? undefined : reportsOf(node, 'stopped')[0];
      const ready = node === undefined ? undefined : reportsOf(node, 'ready')[0];
      return {
        name,
        kind: String(ready?.kind ?? 'unknown'),
        passed: (report?.passed ?? {}) as Record<string, number>,
        refused: (report?.refused ?? {}) as Record<string, number>,
      };
    }),
  );
}

function endpoint(text: string | undefined): { ipv4: number; port: number } | undefined {
  const [address, port] = text?.split(':') ?? [];
  const ipv4 = parseIpv4(address ?? '');
  return ipv4 === undefined ? undefined : { ipv4, port: Number(port) };
}
