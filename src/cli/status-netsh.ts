import type { NatStatus, RoleStatus, State, Status } from '../daemon/status/status.ts';
import type { NatType } from '../roles/role.ts';

/** The rule under the title, and how far a label reaches, as `netsh interface teredo show state` prints them. */
const RULE = '-'.repeat(45);
const LABEL = 24;

/** Errors as Windows words them; scripts look for these. */
const ERRORS: readonly (readonly [code: string, words: string])[] = [
  ['TD-CLIENT-SERVER-UNREACHABLE', 'primary Teredo server unreachable over UDP'],
  ['TD-CLIENT-SERVER2-UNREACHABLE', 'secondary Teredo server unreachable over UDP'],
  ['TD-SERVER-NAME', 'failed to resolve server name'],
  ['TD-CLIENT-MANAGED-NETWORK', 'client is in a managed network'],
  ['TD-CLIENT-SYMMETRIC-NAT', 'client is behind a symmetric NAT'],
  ['TD-TUN', 'failed to open tunnel adapter'],
];

const NATS: Record<NatType, string> = {
  unknown: 'unknown',
  none: 'none (global connectivity)',
  cone: 'cone',
  'address-restricted': 'restricted',
  restricted: 'restricted',
  'port-restricted': 'restricted (port)',
  symmetric: 'symmetric',
};

/**
 * The state as Windows prints it, field for field: label, 24 columns, colon, value; lines that say nothing are left out.
 *
 * Shape:  the client's if there is one, else the first role's; lines end with a line feed.
 */
export function netsh({ roles }: Pick<Status, 'roles'>): string {
  const role = roles.find((each) => each.role === 'client') ?? roles[0]!;
  return `Teredo Parameters\n${RULE}\n${fields(role)
    .map(([label, value]) => `${label.padEnd(LABEL)}: ${value}\n`)
    .join('')}`;
}

function fields(role: RoleStatus): [label: string, value: string][] {
  const isClient = role.role === 'client' || role.role === 'host-relay';
  const rows: [string, string][] = [['Type', role.role === 'host-relay' ? 'client' : role.type]];
  if (role.server !== null) rows.push(['Server Name', serverName(role.server.name)]);
  if (role.refreshIntervalMs !== null) {
    rows.push(['Client Refresh Interval', `${Math.round(role.refreshIntervalMs / 1000)} seconds`]);
  }
  if (isClient) rows.push(['Client Port', role.clientPort === null ? 'unspecified' : String(role.clientPort)]);
  rows.push(['State', state(role.state)]);
  if (role.state === 'offline') rows.push(['Error', role.error === null ? 'none' : errorWords(role.error.code)]);
  if (role.state === 'offline' || role.state === 'dormant' || !isClient) return rows;
  rows.push(['Client Type', role.role === 'client' ? 'teredo client' : 'teredo host-specific relay']);
  rows.push(['Network', role.network]);
  if (role.nat !== null && role.state === 'qualified') rows.push(...natRows(role, role.nat));
  return rows;
}

function natRows({ portMapping, mapping }: RoleStatus, { type }: NatStatus): [string, string][] {
  const isUpnp = portMapping?.state === 'mapped' && portMapping.by === 'UPnP';
  const rows: [string, string][] = [
    ['NAT', NATS[type]],
    ['NAT Special Behaviour', `UPNP: ${yes(isUpnp)}, PortPreserving: ${yes(preservesPort(mapping))}`],
  ];
  if (mapping === null) return rows;
  if (mapping.local !== null) rows.push(['Local Mapping', mapping.local]);
  rows.push(['External NAT Mapping', mapping.external]);
  return rows;
}

/** What this very mapping shows. */
function preservesPort(mapping: RoleStatus['mapping']): boolean {
  return mapping?.local != null && mapping.local.split(':')[1] === mapping.external.split(':')[1];
}

function yes(is: boolean): string {
  return is ? 'Yes' : 'No';
}

/** A name is told whole, with its last dot. */
function serverName(name: string): string {
  return /^[\d.]+$/.test(name) || name.endsWith('.') ? name : `${name}.`;
}

function state(of: State): string {
  return of === 'draining' ? 'online' : of;
}

function errorWords(code: string): string {
  return ERRORS.find(([known]) => code === known || code.startsWith(`${known}-`))?.[1] ?? 'general system failure';
}
