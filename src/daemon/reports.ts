import type { TeredoError } from '../errors.ts';
import type { Checksum } from '../io/linux/checksum.ts';
import type { Offloads } from '../io/linux/offloads.ts';
import type { PortMappingState } from '../io/mapping/port-mapper.ts';
import type { Endpoint, RoleEvent } from '../roles/role.ts';
import type { Health } from './announcement/health.ts';
import type { RoleConfiguration } from './configuration/configuration.ts';
import type { RoleCounters } from './counters.ts';

export type { PortMappingState } from '../io/mapping/port-mapper.ts';

export type AnnouncementState = Health['state'];

/** What a daemon tells the program around it. Instants are gone: only durations mean anything to people. */
export type Report =
  /** Sockets are open, the interface (if the role has one) exists; a relay's or a server's is up. */
  | {
      readonly type: 'ready';
      readonly role: RoleConfiguration;
      readonly localPort: number;
      /** What the kernel does for many packets at once. */
      readonly offloads: Offloads;
      /** Who computes checksums. */
      readonly checksums: Checksum['by'];
    }
  /** The interface has the address, the MTU and the route already. */
  | {
      readonly type: 'qualified';
      readonly role: RoleConfiguration;
      readonly event: Extract<RoleEvent, { type: 'qualified' }>;
      /** Where the host's own end of the mapping is, as far as the routes tell. */
      readonly local: Endpoint | undefined;
    }
  /** The address is off the interface. */
  | {
      readonly type: 'off-line';
      readonly role: RoleConfiguration;
      readonly event: Extract<RoleEvent, { type: 'off-line' }>;
      /** Milliseconds until the next attempt; Infinity: none. */
      readonly retryInMs: number;
    }
  /** A controller of the domain answers: a client of type "client" stays off. */
  | {
      readonly type: 'managed-network';
      readonly role: RoleConfiguration;
      readonly domain: string;
      readonly controller: string;
    }
  /** What became of the wish for a port mapping; told again when it changes. */
  | {
      readonly type: 'port-mapping';
      readonly role: RoleConfiguration;
      readonly mapping: PortMappingState;
      /** Whether the router's own address can be reached from the Internet; if not, another NAT lies behind it. */
      readonly isPublic: boolean;
    }
  /** Whether a relay's 2001::/32 is there for others to learn: at the beginning, and when it or the reason changes. */
  | {
      readonly type: 'announcement';
      readonly role: RoleConfiguration;
      readonly state: AnnouncementState;
      /** Why it is withdrawn. */
      readonly reason: string | undefined;
      /** What each test looks at. */
      readonly checks: readonly string[];
    }
  /** Any other event of a role. */
  | { readonly type: 'event'; readonly role: RoleConfiguration; readonly event: RoleEvent }
  /** What the process may still do, now that its ports are open. */
  | { readonly type: 'privileges'; readonly user: string; readonly capabilities: readonly string[] }
  /** A line that a hook printed. */
  | { readonly type: 'hook'; readonly hook: string; readonly program: string; readonly text: string }
  /** The dashboard is there. Only who may use it hears of this: the address has the token in it. */
  | { readonly type: 'web'; readonly url: string }
  /** A configuration was read again. Both are texts such as "client.port = 4000": what holds now, what after a restart. */
  | { readonly type: 'reloaded'; readonly applied: readonly string[]; readonly waiting: readonly string[] }
  /** Nothing new is begun any more; the process ends in so many seconds. */
  | { readonly type: 'draining'; readonly seconds: number }
  /** Something works less well than it could. */
  | { readonly type: 'warning'; readonly code: string; readonly message: string; readonly next: string }
  | {
      readonly type: 'stopped';
      readonly roles: readonly RoleConfiguration[];
      readonly counters: readonly RoleCounters[];
    };

export type Reporter = (report: Report) => void;

export function warning({ code, message, next }: TeredoError): Report {
  return { type: 'warning', code, message, next };
}
