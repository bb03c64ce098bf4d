import { Counter } from '../../io/counters.ts';
import type { LimitUse } from '../../roles/limits.ts';
import type { Endpoint, NatBehaviour, NatType, RoleEvent } from '../../roles/role.ts';
import { formatEndpoint, formatIpv4, formatIpv6, parseIpv4 } from '../../wire/text.ts';
import type { ClientServer, RoleConfiguration } from '../configuration/configuration.ts';
import type { RoleCounters } from '../counters.ts';
import type { PortMappingState, Report } from '../reports.ts';
import { offlineError } from './offline-errors.ts';
import type {
  AnnouncementStatus,
  CounterStatus,
  ErrorStatus,
  PortMappingStatus,
  RoleStatus,
  ServerStatus,
  State,
  TeredoType,
} from './status.ts';

const UNKNOWN_BEHAVIOUR: NatBehaviour = {
  mapping: 'unknown',
  filtering: 'unknown',
  portAllocation: 'unknown',
  hairpinning: 'unknown',
  mappingLifetime: { outlivesRefresh: 'unknown', reason: 'not measured unless asked for' },
};

type OfRole = Extract<Report, { readonly role: RoleConfiguration }>;

/** What was reported of one role, as it stands. */
export class RoleBoard {
  readonly #configuration: RoleConfiguration;
  #current: RoleConfiguration;
  readonly #counters: RoleCounters;
  readonly #type: TeredoType;
  #state: State = 'offline';
  #since = new Date();
  #sinceMs = performance.now();
  #error: ErrorStatus | null = null;
  #port: number | null = null;
  #offloads: readonly string[] | null = null;
  #checksums: string | null = null;
  #qualified: { address: string; mtu: number; local: string | null; external: string } | undefined;
  #nat: NatType = 'unknown';
  #behaviour = UNKNOWN_BEHAVIOUR;
  #portMapping: PortMappingStatus | null = null;
  #announcement: { report: Extract<Report, { type: 'announcement' }>; since: Date; sinceMs: number } | undefined;
  /** The server in use: its place on the list, and its addresses as far as they are told. */
  #inUse: { readonly index: number; readonly ipv4?: number; readonly secondary?: number } = { index: 0 };
  /** As found out for the mapping that holds now. */
  #foundIntervalMs: number | null = null;

  constructor(configuration: RoleConfiguration, counters: RoleCounters, type: TeredoType) {
    this.#configuration = configuration;
    this.#current = configuration;
    this.#counters = counters;
    this.#type = type;
  }

  get configuration(): RoleConfiguration {
    return this.#configuration;
  }

  get address(): string | undefined {
    return this.#qualified?.address;
  }

  hear(report: OfRole): void {
    switch (report.type) {
      case 'ready':
        this.#port = report.localPort;
        this.#offloads = report.offloads;
        this.#checksums = report.checksums;
        if (report.role.role !== 'client') this.#enter('online');
        break;
      case 'qualified':
        this.#hearQualified(report);
        break;
      case 'off-line':
        this.#qualified = undefined;
        this.#error = offlineError(report.event.reason);
        this.#enter('offline');
        break;
      case 'port-mapping':
        this.#portMapping = portMapping(report.mapping, report.isPublic);
        break;
      case 'announcement':
        this.#hearAnnouncement(report);
        break;
      case 'event':
        this.#hearEvent(report.event);
        break;
      case 'managed-network':
        break; // `off-line` comes with it
    }
  }

  /** Something is wrong; it is the reason only where it keeps a client from beginning. */
  obstruct(error: ErrorStatus): void {
    if (error.code === 'TD-SERVER-NAME' && this.#state === 'offline') this.#error = error;
  }

  /** What holds from now on; reports still name the role as it was made. */
  reconfigure(configuration: RoleConfiguration | undefined): void {
    this.#current = configuration ?? this.#current;
    this.#foundIntervalMs = null;
  }

  /** Nothing new is begun any more. */
  drain(): void {
    if (this.#configuration.role !== 'client') this.#enter('draining');
  }

  /** The roles of the process have ended, with the reason or as they were told. */
  end(error: ErrorStatus | null): void {
    this.#qualified = undefined;
    this.#error = error ?? this.#error;
    this.#enter('offline');
  }

  counterStatus(): CounterStatus {
    return counterStatus(this.#counters);
  }

  status(limits: readonly LimitUse[] | null): RoleStatus {
    const role = this.#current;
    const isClient = role.role === 'client';
    const servers = isClient ? role.servers.map((server, index) => this.#serverStatus(server, index)) : [];
    const { address, mtu, ...mapping } = this.#qualified ?? {};
    return {
      role: role.role,
      type: this.#type,
      state: this.#state,
      since: this.#since.toISOString(),
      forMs: Math.round(performance.now() - this.#sinceMs),
      error: this.#error,
      interface: role.interfaceName ?? null,
      port: this.#port,
      clientPort: isClient && role.port !== 0 ? role.port : null,
      refreshIntervalMs: isClient ? (this.#foundIntervalMs ?? role.refreshIntervalMs) : null,
      network: this.#error?.code === 'TD-CLIENT-MANAGED' ? 'managed' : 'unmanaged',
      server: servers[this.#inUse.index] ?? null,
      servers,
      listens: role.role === 'server' ? [formatIpv4(role.ipv4), formatIpv4(role.ipv4Secondary)] : [],
      address: address ?? null,
      mtu: mtu ?? null,
      mapping: 'external' in mapping ? mapping : null,
      nat: isClient && this.#nat !== 'unknown' ? { type: this.#nat, ...this.#behaviour } : null,
      portMapping: this.#portMapping,
      announcement: this.#announcementStatus(),
      offloads: this.#offloads,
      checksums: this.#checksums,
      counters: counterStatus(this.#counters),
      drops: Object.fromEntries(this.#counters.dropsByName()),
      cases: Object.fromEntries(this.#counters.casesByName()),
      errors: Object.fromEntries(this.#counters.errorsByName()),
      limits,
    };
  }

  #hearQualified({ event, local }: Extract<Report, { readonly type: 'qualified' }>): void {
    this.#qualified = {
      address: formatIpv6(event.address),
      mtu: event.mtu,
      local: local === undefined ? null : endpoint(local),
      external: endpoint(event.mapped),
    };
    this.#inUse = { ...this.#inUse, ipv4: event.server.ipv4 };
    this.#nat = event.nat;
    this.#behaviour = UNKNOWN_BEHAVIOUR;
    this.#error = null;
    this.#foundIntervalMs = null;
    this.#enter('qualified');
  }

  #hearAnnouncement(report: Extract<Report, { readonly type: 'announcement' }>): void {
    const was = this.#announcement;
    // Another reason is no other state.
    const isSame = was?.report.state === report.state;
    this.#announcement = isSame ? { ...was, report } : { report, since: new Date(), sinceMs: performance.now() };
    if (report.state === 'draining') this.#enter('draining');
  }

  #announcementStatus(): AnnouncementStatus | null {
    if (this.#announcement === undefined) return null;
    const { report, since, sinceMs } = this.#announcement;
    const { state, reason = null, checks } = report;
    return { state, since: since.toISOString(), forMs: Math.round(performance.now() - sinceMs), reason, checks };
  }

  #hearEvent(event: RoleEvent): void {
    if (event.type === 'starting' && this.#configuration.role === 'client') {
      this.#enter(event.phase === 'primary' ? 'probe (primary server)' : 'probe (secondary server)');
      if (event.phase === 'primary') this.#inUse = { ...this.#inUse, ipv4: event.server.ipv4 };
      else this.#inUse = { ...this.#inUse, secondary: event.server.ipv4 };
    } else if (event.type === 'dormant') {
      this.#qualified = undefined;
      this.#error = null;
      this.#enter('dormant');
    } else if (event.type === 'server') {
      this.#inUse = { index: event.preference, ipv4: event.server.ipv4 };
    } else if (event.type === 'nat-identified') {
      this.#nat = event.nat;
    } else if (event.type === 'nat-behaviour') {
      this.#behaviour = event.behaviour;
    } else if (event.type === 'refresh-interval') {
      this.#foundIntervalMs = event.intervalMs;
    }
  }

  #serverStatus({ name, secondary }: ClientServer, index: number): ServerStatus {
    const inUse = index === this.#inUse.index ? this.#inUse : undefined;
    const ipv4 = inUse?.ipv4 ?? parseIpv4(name);
    const second = inUse?.secondary ?? secondary ?? (ipv4 === undefined ? undefined : (ipv4 + 1) | 0);
    const text = (address: number | undefined) => (address === undefined ? null : formatIpv4(address));
    return { name, address: text(ipv4), secondary: text(second) };
  }

  /** A state that is entered again goes on; a new address is a new state. */
  #enter(state: State): void {
    if (this.#state === state && state !== 'qualified') return;
    this.#state = state;
    this.#since = new Date();
    this.#sinceMs = performance.now();
  }
}

function portMapping(state: PortMappingState, isPublic: boolean): PortMappingStatus {
  if (state.state === 'none') return { state: 'none', reason: state.reason };
  const { protocol, router, local, external, lifetimeMs } = state;
  return {
    state: 'mapped',
    by: protocol,
    router,
    local: `${local.address}:${local.port}`,
    external: `${external.address}:${external.port}`,
    isPublic,
    lifetimeMs: Number.isFinite(lifetimeMs) ? lifetimeMs : null,
  };
}

export function counterStatus({ ports, faults }: RoleCounters): CounterStatus {
  return {
    datagramsReceived: ports.get(Counter.DatagramsReceived),
    datagramOctetsReceived: ports.get(Counter.DatagramOctetsReceived),
    datagramsSent: ports.get(Counter.DatagramsSent),
    datagramOctetsSent: ports.get(Counter.DatagramOctetsSent),
    datagramsRefused: ports.get(Counter.DatagramsRefused),
    datagramsCongested: ports.get(Counter.DatagramsCongested),
    datagramsOverflowed: ports.get(Counter.DatagramsOverflowed),
    packetsReceived: ports.get(Counter.PacketsReceived),
    packetOctetsReceived: ports.get(Counter.PacketOctetsReceived),
    packetsSent: ports.get(Counter.PacketsSent),
    packetOctetsSent: ports.get(Counter.PacketOctetsSent),
    faults,
  };
}

function endpoint({ ipv4, port }: Endpoint): string {
  return formatEndpoint(ipv4, port);
}
