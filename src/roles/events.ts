/** What a role tells the process around it. Never a packet: only changes of state that a person may want to know. */

export interface Endpoint {
  /** int32, in network order of its octets. */
  readonly ipv4: number;
  readonly port: number;
}

/** RFC 4380 §2.5 and §5.2.1: what lies between us and the server. `unknown`: not determined, which is not "none". */
export type NatType =
  | 'unknown'
  | 'none'
  | 'cone'
  | 'address-restricted'
  | 'port-restricted'
  | 'restricted'
  | 'symmetric';

/** How a NAT behaves, in the words of RFC 4787; what could not be found out is 'unknown'. */
export interface NatBehaviour {
  /** §4.1. 'endpoint-dependent': by address, or by address and port, which one server port cannot tell apart. */
  readonly mapping: 'endpoint-independent' | 'endpoint-dependent' | 'unknown';
  /** §5. */
  readonly filtering: 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent' | 'unknown';
  /** §4.2. */
  readonly portAllocation: 'preserving' | 'sequential' | 'random' | 'unknown';
  /** §6. */
  readonly hairpinning: 'yes' | 'no' | 'unknown';
  /** §4.3. */
  readonly mappingLifetime: MappingLifetime;
}

/** How long a NAT keeps a mapping that is silent (RFC 4787 §4.3), as far as the search of RFC 4380 §5.2.7 has shown. */
export interface MappingLifetime {
  /** Whether longer than the refresh interval that was configured. */
  readonly outlivesRefresh: 'yes' | 'no' | 'unknown';
  /** The longest silence that a mapping was seen to survive, and the shortest that it was seen not to, in ms. */
  readonly atLeastMs?: number;
  readonly belowMs?: number;
  /** In words. */
  readonly reason: string;
}

/** Why a peer is given up for now; the words are stable, people grep for them. */
export type UnreachableReason =
  | 'no answer, neither directly nor through its server'
  | 'it answers through its server, but the two NATs let nothing through directly'
  | 'no relay answered for it';

/** Why a client is off-line; the words are stable, people grep for them. */
export type OfflineReason =
  | 'not started'
  | 'failed to resolve server name'
  | 'client is in a managed network'
  | 'primary server unreachable'
  | 'secondary server unreachable'
  | 'symmetric NAT'
  | 'server rejected the authentication key'
  | 'stopped';

/** Why a client uses another server than before; the words are stable too. */
export type ServerReason = 'previous server silent' | 'preferred server answers again' | 'list of servers changed';

export type RoleEvent =
  /** Another server than before is asked or used from now on; what address follows from it, `qualified` tells. */
  | {
      readonly type: 'server';
      readonly server: Endpoint;
      /** Where it stands in what was configured: 0 is liked best. */
      readonly preference: number;
      readonly previous?: Endpoint;
      readonly reason: ServerReason;
    }
  /** A qualification began, or went on to the secondary server. */
  | {
      readonly type: 'starting';
      readonly server: Endpoint;
      /** Which of the server's two addresses that is. */
      readonly phase: 'primary' | 'secondary';
      readonly attempt: number;
    }
  /** RFC 4380 §5.2.1: the client has an address. `previous` is set when an older address ends with it. */
  | {
      readonly type: 'qualified';
      /** 16 octets. */
      readonly address: Uint8Array;
      readonly previous?: Uint8Array;
      /** The address that the host sent from before, when it is another: flows that began from it go on. */
      readonly provisional?: Uint8Array;
      /** Octets, from the router advertisement or 1280. */
      readonly mtu: number;
      readonly mapped: Endpoint;
      readonly nat: NatType;
      /** The server whose prefix the address has. */
      readonly server: Endpoint;
    }
  | {
      readonly type: 'off-line';
      readonly reason: OfflineReason;
      readonly previous?: Uint8Array;
      readonly retryAt: number;
    }
  /** The client waits for the first packet that wants to leave; an older address ends with it. */
  | {
      readonly type: 'dormant';
      /** 16 octets: an address the host may send from meanwhile. */
      readonly provisional: Uint8Array;
      readonly previous?: Uint8Array;
    }
  | { readonly type: 'nat-identified'; readonly nat: NatType }
  | { readonly type: 'nat-behaviour'; readonly behaviour: NatBehaviour }
  /** RFC 4380 §5.2.7: the refresh interval that was found by search. */
  | { readonly type: 'refresh-interval'; readonly intervalMs: number }
  /**
   * The role needs, or no longer needs, the local socket with this index; with `port` on just that local port. Obeyed
   * before the next datagram leaves.
   */
  | { readonly type: 'socket'; readonly via: number; readonly open: boolean; readonly port?: number }
  /**
   * The role would like a router to map the port of its service socket to one that whoever knows it reaches (RFC 6081
   * §5.3.3, §5.6.3), or no longer. The answer is a call of `setPortMapping`, now, later or never.
   */
  | { readonly type: 'port-mapping'; readonly wanted: boolean; readonly localPort: number }
  | { readonly type: 'peer-trusted'; readonly peer: Uint8Array; readonly mapped: Endpoint }
  | { readonly type: 'peer-unreachable'; readonly peer: Uint8Array; readonly reason: UnreachableReason };
