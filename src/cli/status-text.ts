import type { LimitUse, RoleStatus, Status } from '../daemon/status/status.ts';
import { wrap } from '../lab/text.ts';
import { counted, duration, labelled, number, octets } from './columns.ts';
import { behaviour, NAT_WORDS } from './nat-words.ts';
import { visible } from './words.ts';

export interface StatusStyle {
  /** Columns of a line. */
  readonly width: number;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** The state for people: the verdict, then the facts of each role, then what went wrong of late. */
export function statusText(status: Status, style: StatusStyle): string[] {
  const { width, good, bad, faint } = style;
  const paint = status.isWell ? good : bad;
  const lines = wrap(visible(status.verdict), width).map((line) => paint(line));
  for (const role of status.roles) {
    lines.push('');
    if (status.roles.length > 1) lines.push(`${role.role}:`);
    for (const [label, text] of facts(role)) lines.push(...labelled(label, text, width));
    lines.push(...limits(role.limits, style));
  }
  const recent = status.warnings.slice(-3);
  if (recent.length > 0) lines.push('', 'Of late:');
  for (const { time, code, message, next } of recent) {
    lines.push(...labelled(clock(time), `${message} (${code})`, width));
    if (next !== '') lines.push(...labelled('', `next: ${next}`, width));
  }
  if (status.web !== null) lines.push('', ...labelled('dashboard', status.web, width));
  const { pid, version, forMs } = status.process;
  lines.push('', faint(`teredo ${version}, process ${pid}, running for ${duration(forMs)}`));
  return lines;
}

function facts(role: RoleStatus): [label: string, text: string][] {
  const rows: [string, string][] = [['state', `${role.state} for ${duration(role.forMs)}${typeNote(role)}`]];
  if (role.error !== null) {
    rows.push(['error', `${role.error.message} (${role.error.code})`]);
    if (role.error.next !== '') rows.push(['next', role.error.next]);
  }
  if (role.address !== null) {
    rows.push(['address', `${role.address} on ${role.interface ?? 'no interface'}, MTU ${role.mtu ?? 'unknown'}`]);
  } else if (role.interface !== null) {
    rows.push(['interface', role.interface]);
  }
  rows.push(...serverFacts(role));
  if (role.port !== null) rows.push(['UDP port', String(role.port)]);
  rows.push(...natFacts(role));
  if (role.announcement !== null) {
    const { state, forMs, reason, checks } = role.announcement;
    rows.push(['2001::/32', `${state} for ${duration(forMs)}${reason === null ? '' : `: ${reason}`}`]);
    rows.push(['', `each test looks at: ${checks.join(', ')}`]);
  }
  if (role.offloads !== null) {
    rows.push(['offloads', `${role.offloads.join(', ') || 'none'}; checksums by ${role.checksums ?? 'unknown'}`]);
  }
  return [...rows, ...traffic(role)];
}

function typeNote({ role, type }: RoleStatus): string {
  return role === 'client' && type !== 'client' ? ` (type ${type})` : '';
}

function serverFacts(role: RoleStatus): [string, string][] {
  if (role.listens.length > 0) return [['listens on', role.listens.join(' and ')]];
  const [first, ...others] = role.servers;
  if (first === undefined) return [];
  const told = role.server ?? first;
  const address =
    told.address === null ? 'address not found yet' : `${told.address} and ${told.secondary ?? 'unknown'}`;
  const rows: [string, string][] = [['server', told.name === told.address ? address : `${told.name}, ${address}`]];
  if (others.length > 0) rows.push(['servers', role.servers.map(({ name }) => name).join(', ')]);
  if (role.refreshIntervalMs !== null) rows.push(['refresh', `every ${duration(role.refreshIntervalMs)}`]);
  return rows;
}

function natFacts({ mapping, nat, portMapping }: RoleStatus): [string, string][] {
  const rows: [string, string][] = [];
  if (mapping !== null) {
    rows.push(['mapping', `${mapping.local ?? 'an unknown address'} here, ${mapping.external} outside`]);
  }
  if (nat !== null) rows.push(['NAT', NAT_WORDS[nat.type]]);
  if (nat !== null && nat.mapping !== 'unknown') rows.push(['', behaviour(nat)]);
  if (portMapping?.state === 'none') rows.push(['port mapping', `none: ${portMapping.reason}`]);
  if (portMapping?.state === 'mapped') {
    const { router, external, by, isPublic } = portMapping;
    const note = isPublic ? '' : '; its address is private: another NAT lies behind the router';
    rows.push(['port mapping', `router ${router} maps UDP ${external} by ${by}${note}`]);
  }
  return rows;
}

function traffic({ counters: c, drops, errors }: RoleStatus): [string, string][] {
  const rows: [string, string][] = [
    [
      'IPv4 side',
      sides('datagram', [c.datagramsReceived, c.datagramOctetsReceived], [c.datagramsSent, c.datagramOctetsSent]),
    ],
    ['IPv6 side', sides('packet', [c.packetsReceived, c.packetOctetsReceived], [c.packetsSent, c.packetOctetsSent])],
  ];
  const dropped = Object.entries(drops).map(([reason, count]) => `${reason} ${number(count)}`);
  if (dropped.length > 0) rows.push(['dropped', dropped.join(', ')]);
  const refused = Object.entries(errors).map(([name, count]) => `${name} ${number(count)}`);
  if (refused.length > 0) rows.push(['refused', `${refused.join(', ')} (by the system)`]);
  if (c.datagramsOverflowed > 0) {
    rows.push(['overflowed', `${counted(c.datagramsOverflowed, 'datagram')} found the receive buffer full`]);
  }
  if (c.faults > 0) rows.push(['mistakes', `${number(c.faults)} of our own survived; please report them`]);
  return rows;
}

function sides(noun: string, inward: readonly [number, number], outward: readonly [number, number]): string {
  return `${counted(inward[0], noun)} in (${octets(inward[1])}), ${number(outward[0])} out (${octets(outward[1])})`;
}

/** The bounds as a table; what has bitten stands out. */
function limits(all: readonly LimitUse[] | null, { bad, faint }: StatusStyle): string[] {
  if (all === null || all.length === 0) return [];
  const head = `  ${'limit'.padEnd(27)}${'size'.padStart(24)}${'in use'.padStart(12)}${'bit'.padStart(12)}`;
  return [
    '',
    faint(head),
    ...all.map((limit) => {
      const line = `  ${limit.name.padEnd(27)}${size(limit).padStart(24)}${number(limit.inUse).padStart(12)}`;
      return `${line}${limit.bit > 0 ? bad(number(limit.bit).padStart(12)) : '0'.padStart(12)}`;
    }),
  ];
}

function size({ kind, max, perSecond, burst, unit }: LimitUse): string {
  if (kind === 'rate') return `${number(perSecond ?? 0)}/s, ${number(burst ?? 0)} at once`;
  return unit === 'octets' ? octets(max) : number(max);
}

function clock(time: string): string {
  return new Date(time).toTimeString().slice(0, 8);
}
