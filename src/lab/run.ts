import type { NatType, RoleEvent } from '../roles/role.ts';
import type { ClientHost } from '../sim/client-host.ts';
import type { World } from '../sim/world.ts';
import { formatIpv4, formatIpv6 } from '../wire/text.ts';
import { build, type Cast, find, linksOf } from './build.ts';
import { flightsOf } from './flights.ts';
import { forge } from './forgery.ts';
import { natKind } from './nats.ts';
import { capital, noun } from './nouns.ts';
import type { ChapterResult, Finding, Result, StepResult } from './result.ts';
import type { Scenario, Step } from './scenario.ts';

/** Time for what is still on its way at the end of a step, in ms. */
const SETTLE_MS = 500;
/** Longest time that a step may take, in ms of virtual time: the protocol gives up earlier. */
const PATIENCE_MS = 120_000;
/** RFC 4380 §5.2.6: a client tries four times, 2 s apart, then drops what waits. */
const PING_PATIENCE_MS = 12_000;

/**
 * Runs a scenario in the simulator.
 *
 * Shape:  same scenario and seed, same result; nothing real is waited for.
 * Errors: throws for a scenario that names what it does not have; what goes otherwise than expected is in the findings.
 */
export function runSimulated(scenario: Scenario, seed: number): Result {
  const cast = build(scenario, seed);
  const { world } = cast;
  const chapters: ChapterResult[] = [];
  for (const { title, about, steps, show = 'ladder' } of scenario.chapters) {
    let first = world.trace.records.length;
    const results: StepResult[] = [];
    for (const step of steps) {
      const startedAt = world.now;
      const findings = runStep(cast, step);
      results.push({ step, startedAt, endedAt: world.now, findings });
      if (step.do === 'skip') first = world.trace.records.length;
    }
    const findings = results.flatMap((result) => result.findings);
    chapters.push({ title, about, show, flights: flightsOf(world.trace.records, first), findings, steps: results });
  }
  const isAsExpected = chapters.every(({ findings }) => findings.every((finding) => finding.isAsExpected));
  return { scenario, seed, cast, chapters, isAsExpected };
}

function runStep(cast: Cast, step: Step): Finding[] {
  const { world } = cast;
  switch (step.do) {
    case 'start':
      return start(cast, step.clients, step.expect);
    case 'look up': {
      const nameServer = [...cast.nameServers.values()][0];
      if (nameServer === undefined) throw new Error('the scenario has no name server');
      const lookup = world.lookUp(find(cast.hosts, step.from), nameServer, step.name);
      runPatiently(world, () => lookup.addresses !== undefined);
      const addresses = (lookup.addresses ?? []).map((address) => formatIpv6(address));
      return [{ type: 'look-up', name: step.name, addresses, isAsExpected: addresses.length > 0 }];
    }
    case 'ping':
      return [ping(cast, step)];
    case 'show address': {
      const client = find(cast.clients, step.client);
      return client.isQualified
        ? [{ type: 'address', client: step.client, address: client.address.slice(), isAsExpected: true }]
        : [];
    }
    case 'skip':
      world.runFor(step.ms);
      return [];
    case 'wait for refresh':
      return [waitForRefresh(cast, step.client)];
    case 'identify NAT':
      return identify(cast, step.clients);
    case 'withdraw':
      find(cast.relays, step.relay).withdraw();
      return [];
    case 'announce':
      find(cast.relays, step.relay).announce(step.metric);
      return [];
    case 'change NAT': {
      const nat = find(cast.nats, step.nat);
      const spec = cast.specs.find(({ name }) => name === step.nat);
      nat.replace(
        natKind(step.to, nat.table.external.map(formatIpv4), spec?.type === 'NAT' ? spec.options : undefined),
      );
      return [];
    }
    case 'change link':
      for (const link of linksOf(cast, step.node)) Object.assign(link, step.to);
      return [];
    case 'forge':
      return [runForgery(cast, step)];
  }
}

function start(cast: Cast, names: readonly string[], expected: 'qualified' | 'off-line'): Finding[] {
  const { world } = cast;
  const clients = names.map((name) => find(cast.clients, name));
  for (const client of clients) client.start(world.now);
  // A client that is meant to qualify may be off-line for a while first: it tries again by itself.
  const isDone = (client: ClientHost) => client.isQualified || (expected === 'off-line' && lastStateOf(client));
  runPatiently(world, () => clients.every(isDone));
  world.runFor(SETTLE_MS);
  return clients.map((client) => {
    const last = lastStateOf(client);
    return {
      type: 'qualification',
      client: client.name,
      state: client.client.state,
      mapped: client.client.mapped,
      reason: last?.type === 'off-line' ? last.reason : undefined,
      isAsExpected: client.client.state === expected,
    };
  });
}

function lastStateOf(client: ClientHost): (RoleEvent & { type: 'qualified' | 'off-line' }) | undefined {
  const { events } = client.tunnel;
  const last = events.findLast(({ event }) => event.type === 'qualified' || event.type === 'off-line')?.event;
  return last?.type === 'qualified' || last?.type === 'off-line' ? last : undefined;
}

function ping(cast: Cast, step: Step & { do: 'ping' }): Finding {
  const { world } = cast;
  const { from, to, count = 1 } = step;
  const target = addressOf(cast, to);
  if (target === undefined) return notPossible(`${noun(to)} has no IPv6 address to ping`);
  if (addressOf(cast, from) === undefined) return notPossible(`${noun(from)} has no IPv6 address to ping from`);
  const running = find(cast.hosts, from).ping(target, { count });
  runPatiently(world, () => running.isAnswered, count * 1_000 + PING_PATIENCE_MS);
  world.runFor(SETTLE_MS);
  const { answered, roundTripsMs } = running;
  const isAsExpected =
    step.expect === 'partly answered' ? answered > 0 : answered === (step.expect === 'answered' ? count : 0);
  return { type: 'ping', from, to, count, answered, roundTripsMs, isAsExpected };
}

function runForgery(cast: Cast, { from, forgery }: Step & { do: 'forge' }): Finding {
  const { world } = cast;
  if ('client' in forgery && !find(cast.clients, forgery.client).isQualified) {
    return notPossible(`${noun(forgery.client)} is not qualified, so there is nobody to pretend to be`);
  }
  const first = world.trace.records.length;
  const words = forge(cast, from, forgery);
  world.runFor(SETTLE_MS);
  const [flight] = flightsOf(world.trace.records, first);
  if (flight !== undefined) cast.forgeries.set(flight.id, words);
  const { where = '', reason = '' } = flight?.loss ?? {};
  return { type: 'refusal', forgery: forgery.type, where, reason, isAsExpected: flight?.loss !== undefined };
}

function waitForRefresh(cast: Cast, name: string): Finding {
  const { world } = cast;
  const { tunnel } = find(cast.clients, name);
  const first = world.trace.records.length;
  const begin = world.now;
  const solicits = () =>
    world.trace.records
      .slice(first)
      .some((record) => record.type === 'crossing' && record.sender === name && record.cause === undefined);
  runPatiently(world, solicits);
  const afterMs = world.now - begin;
  world.runFor(SETTLE_MS);
  return { type: 'refresh', client: name, afterMs, isAsExpected: tunnel.address !== undefined };
}

function identify(cast: Cast, names: readonly string[]): Finding[] {
  const clients = names.map((name) => find(cast.clients, name));
  const isIdentified = ({ tunnel }: ClientHost) => tunnel.events.some(({ event }) => event.type === 'nat-identified');
  runPatiently(cast.world, () => clients.every(isIdentified));
  cast.world.runFor(SETTLE_MS);
  return clients.map((client) => {
    const spec = cast.specs.find(({ name }) => name === client.name);
    const nat = spec?.type === 'client' && spec.behind !== undefined ? cast.nats.get(spec.behind) : undefined;
    const real = nat?.kind.kind ?? 'none';
    const found: NatType = client.nat;
    return {
      type: 'NAT',
      client: client.name,
      found,
      real,
      isAsExpected: found === (real.includes('symmetric') ? 'symmetric' : real),
    };
  });
}

/** The Teredo address of a client, the native one of any other host; undefined: it has none now. */
function addressOf(cast: Cast, name: string): Uint8Array | undefined {
  const client = cast.clients.get(name);
  if (client !== undefined) return client.isQualified ? client.address : undefined;
  return find(cast.hosts, name).ipv6Addresses[0];
}

function notPossible(reason: string): Finding {
  return { type: 'not possible', reason: capital(reason), isAsExpected: false };
}

/** Runs until the goal is reached or patience is over; what came of it is for the finding to say. */
function runPatiently(world: World, isReached: () => boolean, patienceMs = PATIENCE_MS): void {
  const end = world.now + patienceMs;
  world.after(patienceMs, () => undefined);
  world.runUntil(() => isReached() || world.now >= end, patienceMs);
}
