import { coneNat } from '../../../src/sim/nat-kinds.ts';
import type { Crossing, TraceRecord } from '../../../src/sim/trace.ts';
import { World } from '../../../src/sim/world.ts';
import { describe, describePacket } from '../../../src/wire/describe.ts';
import * as encapsulation from '../../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../../src/wire/icmpv6.ts';
import * as ipv6 from '../../../src/wire/ipv6.ts';
import { formatEndpoint, formatIpv6 } from '../../../src/wire/text.ts';
import type { Hue } from '../model/hue.ts';
import type { NetworkNode } from '../model/network.ts';
import type { Column, Leg, Passage, Recording } from '../model/recording.ts';

/** With its server, relay and hosts 200 nodes. */
const CLIENTS = 96;
const HOSTS = 6;
/** Pings a second of each client; each is two datagrams, or four by way of the relay. */
const PINGS_PER_SECOND = 25;
/** Clients begin over this many ms, and talk from then on. */
const WARM_UP_MS = 4_000;
/** Virtual time goes on in slices of this many ms, so that a frame never waits long for it. */
const SLICE_MS = 2;
/** What is kept: some ten seconds, to go back in; then the older part goes. */
const PASSAGES_MAX = 60_000;
const PASSAGES_KEPT = 10_000;
/** How long something lost is seen on its way, in ms of virtual time. */
const LOST_AFTER_MS = 6;

/** A world of many clients that talk all the time: simulated while it is watched, not before. */
export class Crowd {
  readonly recording: Recording & { endsAt: number };
  readonly #world: World;
  #passages: LivePassage[] = [];
  /** Datagrams that may still go on, by flight; the older half goes now and then. Bounded by what is under way. */
  #open = new Map<number, LivePassage>();
  #older = new Map<number, LivePassage>();
  #number = 0;

  constructor(seed: number) {
    this.#world = new World({ seed });
    const nodes = people(this.#world);
    this.recording = {
      title: 'A crowd: 200 nodes, 5,000 datagrams a second',
      about:
        'Clients behind cone NATs ping one another and IPv6 hosts, without end; for seeing how much the page bears.',
      nodes,
      chapters: [
        {
          title: 'Everybody talks',
          about: '',
          startsAt: 0,
          endsAt: Number.POSITIVE_INFINITY,
          columns: columnsOf(nodes),
        },
      ],
      passages: this.#passages,
      outcomes: [],
      changes: [],
      states: new Map(),
      isLive: true,
      endsAt: 0,
    };
    this.#world.runTo(WARM_UP_MS);
    this.#world.trace.records.length = 0;
    this.recording.endsAt = WARM_UP_MS;
  }

  /** Simulates until `instant`, or until `isOver` says that this frame has no more time. */
  advance(instant: number, isOver: () => boolean): void {
    const { trace } = this.#world;
    while (this.#world.now < instant && !isOver()) {
      this.#world.runTo(Math.min(instant, this.#world.now + SLICE_MS));
      for (const record of trace.records) this.#add(record);
      // The trace is for those who want it whole; here its records have become passages.
      trace.records.length = 0;
    }
    this.recording.endsAt = this.#world.now;
    if (this.#passages.length > PASSAGES_MAX) this.#forget();
  }

  #add(record: TraceRecord): void {
    if (record.flight === undefined) return;
    const known = this.#open.get(record.flight) ?? this.#older.get(record.flight);
    if (record.type === 'loss') {
      if (known !== undefined) known.endAt(record.where, record.reason, record.at);
    } else if (known !== undefined) {
      known.goOn(record);
    } else {
      const passage = new LivePassage(this.#passages.length, ++this.#number, record);
      this.#passages.push(passage);
      this.#open.set(record.flight, passage);
      if (this.#open.size > PASSAGES_KEPT / 10) {
        this.#older = this.#open;
        this.#open = new Map();
      }
    }
  }

  #forget(): void {
    this.#passages.splice(0, this.#passages.length - PASSAGES_KEPT);
    for (const [index, passage] of this.#passages.entries()) passage.index = index;
  }
}

/** One column for each kind of node. */
function columnsOf(nodes: readonly NetworkNode[]): Column[] {
  const kinds = ['client', 'NAT', 'server', 'relay', 'IPv6 host'] as const;
  return kinds.map((kind) => {
    const members = new Set(nodes.filter((node) => node.kind === kind).map(({ name }) => name));
    return { node: members.size > 1 ? `${kind}s` : kind, isNat: kind === 'NAT', members };
  });
}

function people(world: World): NetworkNode[] {
  const nodes: NetworkNode[] = [];
  const add = (name: string, kind: NetworkNode['kind'], addresses: readonly string[], behind?: string) => {
    nodes.push({ name, kind, about: '', addresses, behind, nat: kind === 'NAT' ? 'cone' : undefined, loss: undefined });
  };
  const server = world.addServer({ name: 'server', ipv4: ['203.0.113.1', '203.0.113.2'] });
  add('server', 'server', ['203.0.113.1', '203.0.113.2']);
  const relay = world.addRelay({ name: 'relay', ipv4: '192.0.2.200', ipv6: '2001:db8:e::1' });
  add('relay', 'relay', ['192.0.2.200', '2001:db8:e::1']);
  const hosts = Array.from({ length: HOSTS }, (_, i) => {
    const ipv6 = `2001:db8:6::${i + 1}`;
    add(`host ${i + 1}`, 'IPv6 host', [ipv6]);
    return world.addIpv6Host({ name: `host ${i + 1}`, ipv6, behind: relay });
  });
  const clients = Array.from({ length: CLIENTS }, (_, i) => {
    const ipv4 = `198.51.100.${i + 1}`;
    const nat = world.addNat(coneNat(ipv4), { name: `NAT ${i + 1}`, link: { delayMs: 9 } });
    add(nat.name, 'NAT', [ipv4]);
    add(`client ${i + 1}`, 'client', [], nat.name);
    return world.addClient({
      name: `client ${i + 1}`,
      server,
      behind: nat,
      startAfterMs: 10 * i,
      link: { delayMs: 2 },
    });
  });
  const intervalMs = 1_000 / PINGS_PER_SECOND;
  for (const [i, client] of clients.entries()) {
    // One of eight talks to a native host by the relay, the others among themselves.
    const target = () => (i % 8 === 0 ? hosts[i % HOSTS]!.ipv6Addresses[0]! : clients[(i + 5) % CLIENTS]!.address);
    const talk = () => {
      if (client.isQualified) client.ping(target());
      world.after(intervalMs, talk);
    };
    world.after(2_000 + (i * intervalMs) / CLIENTS, talk);
  }
  return nodes;
}

/** A datagram of the crowd: what is only read when somebody looks at it is only made then. */
class LivePassage implements Passage {
  index: number;
  readonly number: number;
  readonly chapter = 0;
  readonly from: string;
  readonly at: number;
  readonly legs: Leg[];
  readonly hue: Hue;
  readonly label: string;
  readonly cause = undefined;
  endsAt: number;
  loss: string | undefined;
  #end: string | undefined;
  readonly #first: Crossing;

  constructor(index: number, number: number, first: Crossing) {
    this.index = index;
    this.number = number;
    this.#first = first;
    this.from = first.sender;
    this.at = first.at;
    this.legs = [new LiveLeg(first)];
    this.endsAt = first.arrivesAt ?? first.at + LOST_AFTER_MS;
    [this.hue, this.label] = looks(first);
  }

  goOn(crossing: Crossing): void {
    this.legs.push(new LiveLeg(crossing));
    this.endsAt = crossing.arrivesAt ?? crossing.at + LOST_AFTER_MS;
  }

  endAt(where: string, reason: string, at: number): void {
    this.#end = where;
    this.loss = reason;
    this.endsAt = Math.max(at, this.at + LOST_AFTER_MS);
  }

  get to(): string {
    return this.legs.at(-1)!.to;
  }

  get end(): string {
    return this.#end ?? this.to;
  }

  get shortLabel(): string {
    return this.label;
  }

  get carries(): Passage['carries'] {
    return this.#first.datagram === undefined ? 'IPv6' : 'tunnel';
  }

  get bytes(): Uint8Array {
    return this.#first.datagram?.payload ?? this.#first.packet?.bytes ?? new Uint8Array(0);
  }

  get kind(): string {
    return (this.carries === 'IPv6' ? describePacket(this.bytes) : describe(this.bytes)).kind;
  }

  get summary(): string {
    return (this.carries === 'IPv6' ? describePacket(this.bytes) : describe(this.bytes)).summary;
  }

  get sentence(): string {
    return `${this.from} sends ${this.to} ${this.label === 'bubble' ? 'a bubble' : `an ${this.kind}`}.`;
  }
}

class LiveLeg implements Leg {
  readonly #crossing: Crossing;

  constructor(crossing: Crossing) {
    this.#crossing = crossing;
  }

  get from(): string {
    return this.#crossing.from;
  }

  get to(): string {
    return this.#crossing.to;
  }

  get network(): string {
    return this.#crossing.network;
  }

  get at(): number {
    return this.#crossing.at;
  }

  get arrivesAt(): number | undefined {
    return this.#crossing.arrivesAt;
  }

  get source(): string {
    const { datagram, packet } = this.#crossing;
    if (datagram !== undefined) return formatEndpoint(datagram.source, datagram.sourcePort);
    return packet === undefined ? '' : formatIpv6(packet.bytes, ipv6.SOURCE);
  }

  get destination(): string {
    const { datagram, packet } = this.#crossing;
    if (datagram !== undefined) return formatEndpoint(datagram.destination, datagram.destinationPort);
    return packet === undefined ? '' : formatIpv6(packet.bytes, ipv6.DESTINATION);
  }
}

/** Hue and label by a look at the octets: five thousand times a second there is no time for more. */
function looks({ datagram, packet }: Crossing): [Hue, string] {
  const bytes = datagram?.payload ?? packet?.bytes;
  if (bytes === undefined) return ['data', 'packet'];
  const parts = datagram === undefined ? { packetAt: 0 } : encapsulation.parse(bytes, 0, bytes.length);
  if (typeof parts === 'number') return ['names', 'datagram'];
  if (ipv6.isBubble(bytes, parts.packetAt)) return ['bubble', 'bubble'];
  if (!icmpv6.isMessage(bytes, parts.packetAt)) return ['data', 'packet'];
  switch (icmpv6.type(bytes, parts.packetAt)) {
    case icmpv6.ROUTER_SOLICITATION:
      return ['discovery', 'solicitation'];
    case icmpv6.ROUTER_ADVERTISEMENT:
      return ['discovery', 'advertisement'];
    case icmpv6.ECHO_REPLY:
      return ['data', 'reply'];
    default:
      return ['data', 'ping'];
  }
}
