import { untested } from '../daemon/announcement/health.ts';
import type { RoleConfiguration } from '../daemon/configuration/configuration.ts';
import type { RoleCounters } from '../daemon/counters.ts';
import type { PortMappingState, Report } from '../daemon/reports.ts';
import type { Endpoint, RoleEvent, ServerReason } from '../roles/role.ts';
import { formatEndpoint, formatIpv4, formatIpv6 } from '../wire/text.ts';
import { behaviour, NAT_WORDS } from './nat-words.ts';

/** What a daemon reports, in words for people. */

const SERVER_WORDS: Record<ServerReason, string> = {
  'previous server silent': 'the other one does not answer',
  'preferred server answers again': 'it is preferred, and has answered for minutes',
  'list of servers changed': 'the list of servers has changed',
};

/** One report as lines; the first says it all, the others explain. */
export function tell(report: Report): string[] {
  switch (report.type) {
    case 'ready':
      return [tellReady(report.role, report.localPort), tellOffloads(report.offloads, report.checksums)];
    case 'qualified': {
      const { address, previous, mtu, mapped, nat } = report.event;
      const renewed = previous === undefined ? 'qualified' : `the mapping changed: ${formatIpv6(previous)} is gone`;
      return [
        `client: ${renewed}, address ${formatIpv6(address)} on ${report.role.interfaceName}`,
        `  mapping: ${endpoint(report.local)} here, ${endpoint(mapped)} outside`,
        `  NAT: ${NAT_WORDS[nat]}`,
        `  MTU: ${mtu}`,
      ];
    }
    case 'off-line': {
      const { reason, previous } = report.event;
      const again = Number.isFinite(report.retryInMs) ? `, next attempt in ${seconds(report.retryInMs)}` : '';
      const lost = previous === undefined ? [] : [`  ${formatIpv6(previous)} is gone`];
      return [`client: off-line: ${reason}${again}`, ...explain(reason), ...lost];
    }
    case 'managed-network':
      return [
        `client: the domain controller ${report.controller} answers: this is the network of ${report.domain}`,
        '  a client stays off there; --type enterpriseclient does not',
      ];
    case 'port-mapping':
      return tellPortMapping(report.mapping, report.isPublic);
    case 'announcement':
      return tellAnnouncement(report);
    case 'event':
      return tellEvent(report.role, report.event);
    case 'privileges':
      return [`user ${report.user}, rights left: ${report.capabilities.join(', ') || 'none'}`];
    case 'web':
      return [`dashboard: ${report.url}`, '  whoever has this address can look; nobody can change anything'];
    case 'hook':
      return [`hook ${report.hook}: ${report.text}`];
    case 'warning':
      return [`warning: ${report.message} (${report.code})`, ...(report.next === '' ? [] : [`  next: ${report.next}`])];
    case 'reloaded':
      return tellReloaded(report.applied, report.waiting);
    case 'draining':
      return [`draining: what runs goes on; the end comes in ${report.seconds} s`];
    case 'stopped':
      return report.roles.flatMap((role, index) => tellCounters(role, report.counters[index]!));
  }
}

function tellReloaded(applied: readonly string[], waiting: readonly string[]): string[] {
  const changes = applied.length + waiting.length;
  const count = changes === 1 ? '1 change' : `${changes} changes`;
  const first = `configuration read again: ${changes === 0 ? 'nothing has changed' : count}`;
  return [
    first,
    ...applied.map((change) => `  now: ${change}`),
    ...waiting.map((change) => `  needs a restart: ${change}`),
  ];
}

function tellPortMapping(mapping: PortMappingState, isPublic: boolean): string[] {
  if (mapping.state === 'none') return [`client: no port mapping: ${mapping.reason}`];
  const { router, protocol, external, lifetimeMs } = mapping;
  const lease = Number.isFinite(lifetimeMs) ? `, for ${seconds(lifetimeMs)} at a time` : '';
  const first = `client: router ${router} maps UDP ${external.address}:${external.port} by ${protocol}${lease}`;
  return isPublic ? [first] : [first, '  its address is private: another NAT lies behind the router'];
}

function tellAnnouncement({ state, reason, checks }: Extract<Report, { type: 'announcement' }>): string[] {
  if (state === 'announced') return ['relay: the route to 2001::/32 is there for routing daemons to announce'];
  if (state === 'draining') return ['relay: 2001::/32 is withdrawn for good; what still comes is served'];
  const first = `relay: 2001::/32 is withdrawn: ${reason}`;
  if (reason !== untested.reason) return [first];
  const hint = checks.includes('echo') ? [] : ['  no echo through the tunnel: name clients by --announce-probes'];
  return [first, `  each test looks at: ${checks.join(', ')}`, ...hint];
}

/** A server that does not accept us is as silent as one that is not there (RFC 4380 §5.3.1). */
function explain(reason: string): string[] {
  if (reason !== 'primary server unreachable') return [];
  return ['  UDP port 3544 may be blocked, the server be down; or it asks for a secret, or refused the one it got'];
}

function tellOffloads(offloads: readonly string[], checksums: string): string {
  return `  offloads: ${offloads.join(', ') || 'none'}; checksums by ${checksums}`;
}

function tellReady(role: RoleConfiguration, localPort: number): string {
  switch (role.role) {
    case 'client':
      return `client: UDP port ${localPort}, interface ${role.interfaceName}, server ${role.servers.map(({ name }) => name).join(', else ')}`;
    case 'server': {
      const way = role.interfaceName === undefined ? "the host's own routes" : `interface ${role.interfaceName}`;
      const addresses = `${formatIpv4(role.ipv4)} and ${formatIpv4(role.ipv4Secondary)}`;
      return `server: listening on ${addresses}, UDP port ${localPort}; native hosts are reached by ${way}`;
    }
    case 'relay':
    case 'host-relay': {
      const whom = role.role === 'relay' ? 'whatever this host forwards' : 'this host';
      return `${role.role}: 2001::/32 leads into ${role.interfaceName} for ${whom}; UDP port ${localPort}`;
    }
  }
}

function tellEvent(role: RoleConfiguration, event: RoleEvent): string[] {
  switch (event.type) {
    case 'starting':
      return [`client: asking ${endpoint(event.server)}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`];
    case 'dormant':
      return [`client: dormant: the first packet that wants to leave makes it qualify`];
    case 'server':
      return [
        `client: server ${endpoint(event.server)} instead of ${endpoint(event.previous)}: ${SERVER_WORDS[event.reason]}`,
      ];
    case 'nat-identified':
      return [`client: the NAT is ${NAT_WORDS[event.nat]}`];
    case 'nat-behaviour':
      return [`client: the NAT's ways: ${behaviour(event.behaviour)}`];
    case 'refresh-interval':
      return [`client: the NAT keeps a mapping for at least ${seconds(event.intervalMs)}; refreshing that often`];
    case 'peer-unreachable':
      return [`${role.role}: ${formatIpv6(event.peer)} is not reachable: ${event.reason}`];
    // A busy relay meets a peer every millisecond: these are for programs that ask for them.
    case 'peer-trusted':
    case 'qualified':
    case 'off-line':
    case 'socket':
    case 'port-mapping':
      return [];
  }
}

function tellCounters(role: RoleConfiguration, counters: RoleCounters): string[] {
  const { datagramsReceived, datagramsSent, packetsReceived, packetsSent } = counters;
  const lines = [
    `${role.role}: stopped`,
    `  IPv4 side: ${datagramsReceived} datagrams in, ${datagramsSent} out`,
    `  IPv6 side: ${packetsReceived} packets in, ${packetsSent} out`,
  ];
  const drops = [...counters.dropsByName()].map(([reason, count]) => `${reason} ${count}`);
  if (drops.length > 0) lines.push(`  dropped: ${drops.join(', ')}`);
  if (counters.faults > 0) lines.push(`  mistakes of our own survived: ${counters.faults}`);
  const errors = [...counters.errorsByName()].map(([name, count]) => `${name} ${count}`);
  if (errors.length > 0) lines.push(`  refused by the system: ${errors.join(', ')}`);
  return lines;
}

function endpoint(at: Endpoint | undefined): string {
  return at === undefined ? 'an unknown address' : formatEndpoint(at.ipv4, at.port);
}

function seconds(ms: number): string {
  return `${Math.max(Math.round(ms / 1_000), 0)} s`;
}
