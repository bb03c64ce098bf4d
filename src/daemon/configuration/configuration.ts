import type { Offloads } from '../../io/linux/offloads.ts';
import type { ExtensionSwitches } from '../../roles/client/extensions/extensions.ts';
import type { ContactLimits } from '../../roles/contacts.ts';

export { OFFLOADS, type Offload, type Offloads } from '../../io/linux/offloads.ts';
export type { ExtensionSwitches } from '../../roles/client/extensions/extensions.ts';

/**
 * What one process runs, checked: whoever builds these values has parsed them, and nothing inside checks them again.
 *
 * Plain data, since it travels to the data-path thread. An IPv4 address is an int32.
 */

/** What every role can have. */
interface CommonConfiguration {
  /** What of the kernel may be used; all by default. */
  readonly offloads?: Offloads;
}

/** A Teredo server as people give it. */
export interface ClientServer {
  /** A host name or an IPv4 address. */
  readonly name: string;
  /** Its secondary address; the next after the first unless given. */
  readonly secondary?: number;
}

export interface ClientConfiguration extends CommonConfiguration {
  readonly role: 'client';
  readonly interfaceName: string;
  /** Best first, at least one. */
  readonly servers: readonly ClientServer[];
  /** The service port; 0: the kernel chooses. */
  readonly port: number;
  readonly refreshIntervalMs: number;
  readonly localDiscovery: boolean;
  readonly identifyNat: boolean;
  readonly findRefreshInterval: boolean;
  /** `client`, unless said: it stays off where a controller of the domain answers; the others do not look. */
  readonly type?: 'client' | 'enterpriseclient' | 'natawareclient';
  /** The domain whose controllers make a network a managed one; the one this host has joined, unless said. */
  readonly domain?: string;
  /** Dormant until a packet wants to leave; no, unless said. */
  readonly onDemand?: boolean;
  /** After so long without a packet it is dormant again. */
  readonly idleTimeMs?: number;
  /** Ask the router to map the service port (RFC 6081 §5.3.3, §5.6.3); yes, unless said. */
  readonly portMapping?: boolean;
  /** RFC 6081; what is left out is on. */
  readonly extensions?: Partial<ExtensionSwitches>;
  /** Bounds of the memory; the usual ones for what is left out. */
  readonly limits?: Partial<ContactLimits>;
  /** Secure qualification (RFC 4380 §5.2.2). */
  readonly security?: { readonly identifier: Uint8Array; readonly secret: Uint8Array };
}

export interface ServerConfiguration extends CommonConfiguration {
  readonly role: 'server';
  readonly ipv4: number;
  readonly ipv4Secondary: number;
  /** A TUN interface of this name carries packets to native hosts; without one a raw socket does. */
  readonly interfaceName?: string;
  /** Secure qualification (RFC 4380 §5.2.2): keys by the hex of their identifier. */
  readonly security?: {
    readonly keys: ReadonlyMap<string, { readonly secret: Uint8Array }>;
    readonly isRequired: boolean;
  };
  /** Octets; advertised only when given. */
  readonly mtu?: number;
  /** To one IPv4 address, and twice as many at once; the server's default when not given. */
  readonly advertisementsPerSecond?: number;
  /** Bubbles and echoes toward one IPv4 address, and twice as many at once. */
  readonly forwardedPerSecond?: number;
}

export interface RelayConfiguration extends CommonConfiguration {
  /** A `host-relay` serves the addresses of its own host only (RFC 4380 §2.8). */
  readonly role: 'relay' | 'host-relay';
  readonly interfaceName: string;
  /** 0: every address of the host. */
  readonly ipv4: number;
  readonly port: number;
  /** Open the way through a NAT of the relay's own by direct bubbles (ledger REL-07). */
  readonly behindNat?: boolean;
  /** Bounds of the memory; the usual ones for what is left out. */
  readonly limits?: Partial<ContactLimits>;
  /** Peers that are asked for the first time, and four times as many at once. */
  readonly newPeersPerSecond?: number;
  /** Bubbles toward one IPv4 address, and four times as many at once. */
  readonly bubblesPerSecond?: number;
  /** The route that routing daemons announce is there only while tests pass; left out, always. */
  readonly announce?: AnnounceConfiguration;
}

export interface AnnounceConfiguration {
  /** Tests in a row that must pass, or fail, before anything changes. */
  readonly rise: number;
  readonly fall: number;
  /** After a withdrawal, no announcing for so long. */
  readonly holdMs: number;
  /** From the beginning of one test to that of the next. */
  readonly intervalMs: number;
  /** Teredo addresses in text; one of them must answer an echo request through the tunnel. None: no such check. */
  readonly probes: readonly string[];
}

export type AnnouncingRelay = RelayConfiguration & { readonly announce: AnnounceConfiguration };

export type RoleConfiguration = ClientConfiguration | ServerConfiguration | RelayConfiguration;

/** The roles of one process; a server and a relay may share it. */
export type DaemonConfiguration = readonly RoleConfiguration[];
