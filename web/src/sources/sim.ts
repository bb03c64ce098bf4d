import { externalOf } from '../../../src/lab/build.ts';
import type { Flight } from '../../../src/lab/flights.ts';
import { columnsOf, findingText } from '../../../src/lab/print.ts';
import type { Finding, Result } from '../../../src/lab/result.ts';
import { type LabRow, tellResult } from '../../../src/lab/rows.ts';
import { runSimulated } from '../../../src/lab/run.ts';
import { toPcapng } from '../../../src/lab/save.ts';
import type { NodeSpec, Scenario, Step } from '../../../src/lab/scenario.ts';
import { PORT as DNS_PORT } from '../../../src/sim/dns.ts';
import type { TimedEvent } from '../../../src/sim/tunnel.ts';
import { formatEndpoint, formatIpv6 } from '../../../src/wire/text.ts';
import { hueOf } from '../model/hue.ts';
import type { NetworkNode } from '../model/network.ts';
import type { ChangeMark, ChapterMark, Leg, Outcome, Passage, Recording, StateMark } from '../model/recording.ts';

/** A scenario that was played to its end in the simulator: what the page shows, and what can be saved of it. */
export interface Played {
  readonly recording: Recording;
  readonly pcapng: () => Uint8Array;
}

/** How long something lost on a link is seen on its way, in ms of virtual time. */
const LOST_AFTER_MS = 6;

/** Plays a scenario. Same scenario and seed, same recording. */
export function play(scenario: Scenario, seed: number): Played {
  const result = runSimulated(scenario, seed);
  const rows = tellResult(result);
  return { recording: record(result, rows), pcapng: () => toPcapng(result, rows) };
}

function record(result: Result, rows: readonly (readonly LabRow[])[]): Recording {
  const { scenario, cast } = result;
  const told = result.chapters.flatMap(({ flights }, chapter) =>
    flights.map((flight, i) => ({ chapter, flight, row: rows[chapter]![i]! })),
  );
  const places = new Map(told.map(({ flight }, index) => [flight.id, index]));
  const passages = told.map(({ chapter, flight, row }, index) =>
    passageOf(index, chapter, flight, row, flight.cause === undefined ? undefined : places.get(flight.cause), result),
  );
  return {
    title: scenario.title,
    about: scenario.about,
    nodes: scenario.nodes.map(nodeOf),
    chapters: result.chapters.map((_, i) => chapterOf(result, i, rows[i]!)),
    passages,
    outcomes: result.chapters.flatMap(({ steps }, chapter) =>
      steps.flatMap(({ findings, endedAt }) => findings.map((finding) => outcomeOf(finding, endedAt, chapter))),
    ),
    changes: result.chapters.flatMap(({ steps }, chapter) =>
      steps.flatMap(({ step, startedAt }) => {
        const change = changeOf(step);
        return change === undefined ? [] : [{ at: startedAt, chapter, ...change }];
      }),
    ),
    states: new Map([...cast.clients].map(([name, { tunnel }]) => [name, statesOf(tunnel.events)])),
    isLive: false,
    endsAt: cast.world.now,
  };
}

function nodeOf(spec: NodeSpec): NetworkNode {
  return {
    name: spec.name,
    kind: spec.type === 'IPv6-only host' ? 'IPv6 host' : spec.type,
    about: spec.about ?? '',
    addresses: addressesOf(spec),
    behind: 'behind' in spec ? spec.behind : undefined,
    nat: spec.type === 'NAT' ? spec.nat : undefined,
    loss: spec.link?.loss,
  };
}

function addressesOf(spec: NodeSpec): readonly string[] {
  switch (spec.type) {
    case 'server':
      return spec.ipv4;
    case 'relay':
    case 'dual-stack host':
      return [spec.ipv4, spec.ipv6];
    case 'IPv6-only host':
      return [spec.ipv6];
    case 'NAT':
      return externalOf(spec);
    case 'client':
    case 'name server':
    case 'IPv4 host':
      return spec.ipv4 === undefined ? [] : [spec.ipv4];
  }
}

function chapterOf({ chapters, scenario, cast }: Result, index: number, rows: readonly LabRow[]): ChapterMark {
  const { title, about, steps } = chapters[index]!;
  return {
    title,
    about,
    startsAt: steps[0]?.startedAt ?? 0,
    endsAt: steps.at(-1)?.endedAt ?? cast.world.now,
    columns: rows.length === 0 ? [] : columnsOf(scenario.nodes, rows),
  };
}

function passageOf(
  index: number,
  chapter: number,
  flight: Flight,
  row: LabRow,
  cause: number | undefined,
  { cast }: Result,
): Passage {
  const first = flight.crossings[0]!;
  const legs = flight.crossings.map(({ from, to, network, at, arrivesAt, datagram, packet }): Leg => {
    const source =
      datagram === undefined ? sourceOf(packet?.bytes) : formatEndpoint(datagram.source, datagram.sourcePort);
    const destination =
      datagram === undefined
        ? destinationOf(packet?.bytes)
        : formatEndpoint(datagram.destination, datagram.destinationPort);
    return { from, to, network, at, arrivesAt, source, destination };
  });
  const last = legs.at(-1)!;
  const isDns = first.datagram?.destinationPort === DNS_PORT || first.datagram?.sourcePort === DNS_PORT;
  return {
    index,
    chapter,
    number: row.number,
    from: row.from,
    to: row.to,
    end: flight.receiver,
    legs,
    at: flight.at,
    endsAt: last.arrivesAt ?? last.at + LOST_AFTER_MS,
    kind: row.kind,
    label: row.label,
    shortLabel: row.shortLabel,
    hue: hueOf(row.kind, row.label, cast.forgeries.has(flight.id)),
    sentence: row.sentence,
    summary: row.summary,
    loss: flight.loss?.reason,
    cause,
    carries: first.datagram === undefined ? 'IPv6' : isDns ? 'other' : 'tunnel',
    bytes: first.datagram?.payload ?? first.packet?.bytes ?? new Uint8Array(0),
  };
}

function outcomeOf(finding: Finding, at: number, chapter: number): Outcome {
  return {
    at,
    chapter,
    text: findingText(finding),
    isAsExpected: finding.isAsExpected,
    address: finding.type === 'address' ? finding.address : undefined,
    client: 'client' in finding ? finding.client : undefined,
  };
}

/** What a step changes in the network; undefined: nothing. */
function changeOf(step: Step): Pick<ChangeMark, 'text' | 'node' | 'effect'> | undefined {
  switch (step.do) {
    case 'withdraw':
      return { node: step.relay, text: `${step.relay} no longer announces 2001::/32`, effect: { isWithdrawn: true } };
    case 'announce':
      return {
        node: step.relay,
        text: `${step.relay} announces 2001::/32 with metric ${step.metric}`,
        effect: { isWithdrawn: false },
      };
    case 'change NAT':
      return { node: step.nat, text: `${step.nat} becomes ${step.to}`, effect: { nat: step.to } };
    case 'change link': {
      const { isUp, loss, delayMs } = step.to;
      const words = [
        ...(isUp === false ? ['is cut'] : isUp === true ? ['works again'] : []),
        ...(loss === undefined ? [] : [`loses ${Math.round(loss * 100)} %`]),
        ...(delayMs === undefined ? [] : [`takes ${delayMs} ms`]),
      ];
      const effect = {
        ...(isUp === undefined ? {} : { isCut: !isUp }),
        ...(loss === undefined ? {} : { loss }),
      };
      return { node: step.node, text: `the link of ${step.node} ${words.join(', ')}`, effect };
    }
    case 'forge':
    case 'identify NAT':
    case 'look up':
    case 'ping':
    case 'show address':
    case 'skip':
    case 'start':
    case 'wait for refresh':
      return undefined;
  }
}

function statesOf(events: readonly TimedEvent[]): StateMark[] {
  const marks: StateMark[] = [];
  for (const { at, event } of events) {
    if (event.type === 'starting') {
      marks.push({ at, state: 'starting', detail: 'asks its server', address: undefined });
    } else if (event.type === 'qualified') {
      const mapped = formatEndpoint(event.mapped.ipv4, event.mapped.port);
      marks.push({
        at,
        state: 'qualified',
        detail: `${formatIpv6(event.address)}, mapped to ${mapped}`,
        address: event.address.slice(),
      });
    } else if (event.type === 'off-line') {
      marks.push({ at, state: 'off-line', detail: event.reason, address: undefined });
    }
  }
  return marks;
}

function sourceOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined || bytes.length < 40 ? '' : formatIpv6(bytes, 8);
}

function destinationOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined || bytes.length < 40 ? '' : formatIpv6(bytes, 24);
}
