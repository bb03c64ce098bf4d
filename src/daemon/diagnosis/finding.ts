/** What is looked at; the names are stable. */
export type CheckId =
  | 'running-client'
  | 'server-name'
  | 'server-primary'
  | 'server-secondary'
  | 'nat-mapping'
  | 'nat-filtering'
  | 'port-allocation'
  | 'hairpinning'
  | 'mapping-lifetime'
  | 'open-port'
  | 'pcp'
  | 'nat-pmp'
  | 'upnp'
  | 'double-nat'
  | 'local-firewall'
  | 'vpn'
  | 'native-ipv6'
  | 'managed-network'
  | 'mtu';

/** One thing that was looked at. */
export interface Finding {
  readonly id: CheckId;
  /** Stable: `TD-` and the id and the value, `TD-HAIRPINNING-NO`. */
  readonly code: string;
  /** "yes", "no", "unknown" or one of the check's own words ("endpoint-independent"); stable too. */
  readonly value: string;
  /** For people: which, how much; for "unknown": why. */
  readonly detail: string;
}

export function found(id: CheckId, value: string, detail = ''): Finding {
  return { id, code: `TD-${id}-${value}`.toUpperCase().replaceAll(' ', '-'), value, detail };
}

/** Not found out; nobody may take it for "no", so that the reason goes with it. */
export function unknown(id: CheckId, why: string): Finding {
  return found(id, 'unknown', why);
}
