import { LOG_LEVELS, type LogLevel } from '../../daemon/configuration/names.ts';
import type { Report } from '../../daemon/reports.ts';
import { formatEndpoint, formatIpv6 } from '../../wire/text.ts';

/** Whether what weighs `level` is written where `least` is the least weight. */
export function isHeavyEnough(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(least);
}

/** How much a report weighs: a busy relay meets a peer every millisecond, and that is for who looks for a mistake. */
export function levelOf(report: Report): LogLevel {
  if (report.type === 'warning' || report.type === 'off-line') return 'warn';
  const type = report.type === 'event' ? report.event.type : undefined;
  if (type === 'peer-trusted') return 'debug';
  return type === 'socket' || type === 'port-mapping' ? 'trace' : 'info';
}

/**
 * The kind that a report is limited by; undefined: it is told whatever else was. Those are the changes of state: they
 * come as slowly as the timers of the protocol, and a log that ends with the wrong one would lie.
 */
export function kindOf(report: Report): string | undefined {
  if (report.type === 'warning') return `warning ${report.code}`;
  if (report.type === 'hook') return `hook ${report.hook}`;
  if (report.type !== 'event') return undefined;
  const { event } = report;
  if (event.type === 'peer-unreachable') return `${event.type} (${event.reason})`;
  const isOfPeer = event.type === 'peer-trusted' || event.type === 'socket' || event.type === 'port-mapping';
  return isOfPeer ? event.type : undefined;
}

/** Words for what weighs less than `info`, for which a story has none. */
export function detail(report: Report): string[] {
  if (report.type !== 'event') return [];
  const { role, event } = report;
  if (event.type === 'peer-trusted') {
    const { ipv4, port } = event.mapped;
    return [`${role.role}: ${formatIpv6(event.peer)} has shown itself, at ${formatEndpoint(ipv4, port)}`];
  }
  if (event.type === 'socket') {
    const port = event.port === undefined ? '' : ` on port ${event.port}`;
    return [`${role.role}: local socket ${event.via}: ${event.open ? `wanted${port}` : 'no longer wanted'}`];
  }
  if (event.type !== 'port-mapping') return [];
  return [`${role.role}: a port mapping is ${event.wanted ? 'wanted' : 'no longer wanted'}`];
}
