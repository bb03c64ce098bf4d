import type { NatBehaviour } from './nat-table.ts';

/** A NAT to be built: its behaviour, its external addresses, and the name people give to its kind. */
export interface NatKind extends NatBehaviour {
  readonly kind: string;
  /** Dotted quads; empty: the network it stands in gives it one (a NAT behind a NAT). */
  readonly ipv4: readonly string[];
  /** The /24 behind it, as "192.168.1.0"; chosen by the world otherwise. */
  readonly inside?: string;
}

/** What of a kind may be changed: for example `coneNat('192.0.2.1', { lifetimeMs: 60_000 })`. */
export type NatOptions = Partial<Omit<NatKind, 'kind' | 'ipv4'>>;

/** RFC 4787 REQ-5 asks for two minutes at least; REQ-9 for hairpinning. */
const wellBehaved = { lifetimeMs: 120_000, inboundRefresh: false, hairpinning: true } as const;

/** RFC 4380 §3.1, RFC 6081 §2: whoever knows the mapped endpoint may send to it. */
export function coneNat(ipv4?: string, options?: NatOptions): NatKind {
  return build('cone', ipv4, options, 'endpoint-independent', 'endpoint-independent', 'preserving');
}

/** RFC 6081 §2: lets in what comes from an address that was sent to before. */
export function addressRestrictedNat(ipv4?: string, options?: NatOptions): NatKind {
  return build('address-restricted', ipv4, options, 'endpoint-independent', 'address', 'preserving');
}

/** RFC 6081 §2: lets in what comes from an address and port that was sent to before. */
export function portRestrictedNat(ipv4?: string, options?: NatOptions): NatKind {
  return build('port-restricted', ipv4, options, 'endpoint-independent', 'address-and-port', 'preserving');
}

/** RFC 6081 §2 "port-symmetric": another port for every remote endpoint, drawn at random. */
export function symmetricNat(ipv4?: string, options?: NatOptions): NatKind {
  return build('symmetric', ipv4, options, 'address-and-port', 'address-and-port', 'random');
}

/** RFC 6081 §2: symmetric, but the first mapping of a port keeps its number. */
export function portPreservingSymmetricNat(ipv4?: string, options?: NatOptions): NatKind {
  return build('port-preserving symmetric', ipv4, options, 'address-and-port', 'address-and-port', 'preserving');
}

/** RFC 6081 §2: symmetric, each new mapping takes the next port. */
export function sequentialSymmetricNat(ipv4?: string, options?: NatOptions): NatKind {
  return build('sequential symmetric', ipv4, options, 'address-and-port', 'address-and-port', 'sequential');
}

/** RFC 6081 §2: symmetric with several external addresses, another one for each new mapping. */
export function addressSymmetricNat(ipv4: readonly string[], options?: NatOptions): NatKind {
  const kind = build('address-symmetric', ipv4[0], options, 'address-and-port', 'address-and-port', 'random');
  return { ...kind, ipv4 };
}

/** RFC 6081 §3.2: a port-restricted NAT that maps ports on request. */
export function upnpPortRestrictedNat(ipv4?: string, options?: NatOptions): NatKind {
  return { ...portRestrictedNat(ipv4, { upnp: true, ...options }), kind: 'UPnP port-restricted' };
}

/** RFC 6081 §3.2: a port-symmetric NAT that maps ports on request; what leaves has other ports all the same. */
export function upnpPortSymmetricNat(ipv4?: string, options?: NatOptions): NatKind {
  return { ...symmetricNat(ipv4, { upnp: true, ...options }), kind: 'UPnP port-symmetric' };
}

function build(
  kind: string,
  ipv4: string | undefined,
  options: NatOptions | undefined,
  mapping: NatBehaviour['mapping'],
  filtering: NatBehaviour['filtering'],
  allocation: NatBehaviour['allocation'],
): NatKind {
  const addresses = ipv4 === undefined ? [] : [ipv4];
  return { ...wellBehaved, mapping, filtering, allocation, ...options, kind, ipv4: addresses };
}
