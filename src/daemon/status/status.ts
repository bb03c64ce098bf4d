import type { LimitUse } from '../../roles/limits.ts';
import type { NatBehaviour, NatType } from '../../roles/role.ts';

import type { Health } from '../announcement/health.ts';

export type { LimitUse } from '../../roles/limits.ts';

/**
 * What `/v1/status` gives and `teredo status --json` prints. Keys are added over time, never changed or taken away; what
 * is not known is null or the word "unknown", never "no".
 *
 * Units: milliseconds (`...Ms`), octets; instants are ISO 8601 in UTC; addresses and endpoints are text.
 */
export interface Status {
  readonly schemaVersion: 1;
  /** One sentence for people that says it all. */
  readonly verdict: string;
  /** Whether every role does its work, or waits as it should. */
  readonly isWell: boolean;
  readonly process: ProcessStatus;
  /** Where the dashboard is, token and all; null: nowhere. */
  readonly web: string | null;
  /** Whether the thread that carries packets answers. */
  readonly dataPath: { readonly answers: boolean };
  readonly roles: readonly RoleStatus[];
  /** What went wrong of late, oldest first. */
  readonly warnings: readonly WarningStatus[];
}

export interface ProcessStatus {
  readonly pid: number;
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
  readonly forMs: number;
}

/** Windows' words, by which scripts know them; `online` is a server's and a relay's. */
export type State =
  | 'offline'
  | 'dormant'
  | 'probe (primary server)'
  | 'probe (secondary server)'
  | 'qualified'
  | 'online'
  | 'draining';

/** The types that Windows knows (`netsh interface teredo set state type=`). */
export type TeredoType = 'client' | 'enterpriseclient' | 'natawareclient' | 'server' | 'relay' | 'default' | 'disabled';

export interface RoleStatus {
  readonly role: 'client' | 'server' | 'relay' | 'host-relay';
  readonly type: TeredoType;
  readonly state: State;
  readonly since: string;
  readonly forMs: number;
  /** Why it is offline. */
  readonly error: ErrorStatus | null;
  readonly interface: string | null;
  /** The service port. */
  readonly port: number | null;
  /** As configured; null: the kernel chooses. */
  readonly clientPort: number | null;
  readonly refreshIntervalMs: number | null;
  readonly network: 'managed' | 'unmanaged';
  /** The server in use; null for servers and relays. */
  readonly server: ServerStatus | null;
  /** All that a client may use, in the order of preference. */
  readonly servers: readonly ServerStatus[];
  /** A server's own addresses. */
  readonly listens: readonly string[];
  /** The Teredo address. */
  readonly address: string | null;
  readonly mtu: number | null;
  readonly mapping: { readonly local: string | null; readonly external: string } | null;
  readonly nat: NatStatus | null;
  readonly portMapping: PortMappingStatus | null;
  /** Whether a relay's route is there for routing daemons to announce; null: it always is, or this is no relay. */
  readonly announcement: AnnouncementStatus | null;
  readonly offloads: readonly string[] | null;
  readonly checksums: string | null;
  readonly counters: CounterStatus;
  /** By reason in words; only those that happened. */
  readonly drops: Readonly<Record<string, number>>;
  /** What went as the RFCs have it, by case in words; only those that happened. */
  readonly cases: Readonly<Record<string, number>>;
  /** What the system refused, by the name of the error. */
  readonly errors: Readonly<Record<string, number>>;
  /** Null: the data path does not answer. */
  readonly limits: readonly LimitUse[] | null;
}

export interface AnnouncementStatus {
  readonly state: Health['state'];
  readonly since: string;
  readonly forMs: number;
  /** Why it is withdrawn; null: it is not, or not because of a test. */
  readonly reason: string | null;
  /** What each test looks at. */
  readonly checks: readonly string[];
}

export interface ErrorStatus {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

export interface WarningStatus extends ErrorStatus {
  readonly time: string;
}

export interface ServerStatus {
  readonly name: string;
  /** Null: the name has not been found yet. */
  readonly address: string | null;
  readonly secondary: string | null;
}

export interface NatStatus extends NatBehaviour {
  readonly type: NatType;
}

export type PortMappingStatus =
  | { readonly state: 'none'; readonly reason: string }
  | {
      readonly state: 'mapped';
      readonly by: string;
      readonly router: string;
      readonly local: string;
      readonly external: string;
      readonly isPublic: boolean;
      /** Null: until it is removed. */
      readonly lifetimeMs: number | null;
    };

export interface CounterStatus {
  readonly datagramsReceived: number;
  readonly datagramOctetsReceived: number;
  readonly datagramsSent: number;
  readonly datagramOctetsSent: number;
  readonly datagramsRefused: number;
  readonly datagramsCongested: number;
  /** Lost in the kernel: the receive buffer was full because the process did not get to read. */
  readonly datagramsOverflowed: number;
  readonly packetsReceived: number;
  readonly packetOctetsReceived: number;
  readonly packetsSent: number;
  readonly packetOctetsSent: number;
  readonly faults: number;
}
