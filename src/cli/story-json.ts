import type { PortMappingState, Report } from '../daemon/reports.ts';
import type { Endpoint, RoleEvent } from '../roles/role.ts';
import { formatEndpoint, formatIpv6 } from '../wire/text.ts';

/** What a daemon reports, for programs: one object a line. Keys are added over time, never changed. */
export function tellJson(report: Report): Record<string, unknown> {
  return { schemaVersion: 1, time: new Date().toISOString(), ...body(report) };
}

/** The same without what every object has. */
export function body(report: Report): Record<string, unknown> {
  switch (report.type) {
    case 'ready':
      return {
        type: 'ready',
        role: report.role.role,
        interface: report.role.interfaceName ?? null,
        port: report.localPort,
        offloads: report.offloads,
        checksums: report.checksums,
      };
    case 'qualified': {
      const { address, previous, mtu, mapped, nat } = report.event;
      return {
        type: 'qualified',
        role: report.role.role,
        interface: report.role.interfaceName,
        address: formatIpv6(address),
        previous: previous === undefined ? null : formatIpv6(previous),
        mtu,
        nat,
        server: endpoint(report.event.server),
        mapping: { local: endpoint(report.local), external: endpoint(mapped) },
      };
    }
    case 'off-line': {
      const { reason, previous } = report.event;
      return {
        type: 'off-line',
        role: report.role.role,
        reason,
        previous: previous === undefined ? null : formatIpv6(previous),
        retryInMs: Number.isFinite(report.retryInMs) ? Math.max(Math.round(report.retryInMs), 0) : null,
      };
    }
    case 'managed-network': {
      const { type, role, domain, controller } = report;
      return { type, role: role.role, domain, controller };
    }
    case 'port-mapping':
      return { type: 'port-mapping', role: report.role.role, ...portMapping(report.mapping, report.isPublic) };
    case 'announcement': {
      const { type, role, state, reason = null, checks } = report;
      return { type, role: role.role, state, reason, checks };
    }
    case 'event':
      return { role: report.role.role, ...event(report.event) };
    case 'privileges':
    case 'web':
    case 'hook':
    case 'reloaded':
    case 'warning':
      return { ...report };
    case 'draining':
      return { ...report };
    case 'stopped':
      return {
        type: 'stopped',
        roles: report.roles.map(({ role }, index) => {
          const counters = report.counters[index]!;
          const { datagramsReceived, datagramsSent, packetsReceived, packetsSent } = counters;
          return {
            role,
            ...{ datagramsReceived, datagramsSent, packetsReceived, packetsSent },
            drops: Object.fromEntries(counters.dropsByName()),
            cases: Object.fromEntries(counters.casesByName()),
            faults: counters.faults,
            errors: Object.fromEntries(counters.errorsByName()),
          };
        }),
      };
  }
}

function event(from: RoleEvent): Record<string, unknown> {
  switch (from.type) {
    case 'starting':
      return { type: from.type, server: endpoint(from.server), attempt: from.attempt };
    case 'dormant': {
      const { provisional, previous } = from;
      const gone = previous === undefined ? null : formatIpv6(previous);
      return { type: from.type, provisional: formatIpv6(provisional), previous: gone };
    }
    case 'server':
      return {
        type: from.type,
        server: endpoint(from.server),
        preference: from.preference,
        previous: endpoint(from.previous),
        reason: from.reason,
      };
    case 'nat-identified':
      return { type: from.type, nat: from.nat };
    case 'nat-behaviour':
      return { type: from.type, ...from.behaviour };
    case 'refresh-interval':
      return { type: from.type, intervalMs: from.intervalMs };
    case 'peer-trusted':
      return { type: from.type, peer: formatIpv6(from.peer), mapping: endpoint(from.mapped) };
    case 'peer-unreachable':
      return { type: from.type, peer: formatIpv6(from.peer), reason: from.reason };
    case 'qualified':
    case 'off-line':
    case 'socket':
    case 'port-mapping':
      return { type: from.type };
  }
}

function portMapping(mapping: PortMappingState, isPublic: boolean): Record<string, unknown> {
  if (mapping.state === 'none') return { state: 'none', reason: mapping.reason };
  const { router, protocol, local, external, lifetimeMs } = mapping;
  return {
    state: 'mapped',
    router,
    by: protocol,
    local: `${local.address}:${local.port}`,
    external: `${external.address}:${external.port}`,
    isPublic,
    lifetimeMs: Number.isFinite(lifetimeMs) ? lifetimeMs : null,
  };
}

function endpoint(at: Endpoint | undefined): string | null {
  return at === undefined ? null : formatEndpoint(at.ipv4, at.port);
}
