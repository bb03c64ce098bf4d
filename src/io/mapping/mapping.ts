/** What the ways to a port mapping share (RFC 6081 §5.3.3, §5.6.3). Addresses are text, as the system writes them. */

export type Protocol = 'PCP' | 'NAT-PMP' | 'UPnP';

/** The router on our way out, and where we stand on its link. */
export interface Router {
  /** The only host that is asked, and the only one that is believed. */
  readonly gateway: string;
  /** Our own address on that link. */
  readonly local: string;
}

export interface MappingRequest {
  readonly router: Router;
  /** The UDP port of ours; the external one should have the same number. */
  readonly localPort: number;
  /** 12 octets that prove the mapping ours (RFC 6887 §11.2). */
  readonly nonce: Uint8Array;
}

export interface GrantedMapping {
  readonly address: string;
  readonly port: number;
  /** Milliseconds; Infinity: until it is removed. */
  readonly lifetimeMs: number;
}

/** One protocol. Both methods reject with a `MappingError`, or with the reason of `signal`. */
export interface MappingMethod {
  readonly protocol: Protocol;
  /** False: no router was found yet that could have made a mapping. */
  readonly mayHaveMapped?: boolean;
  /** Makes the mapping, or prolongs it. */
  map(request: MappingRequest, signal: AbortSignal): Promise<GrantedMapping>;
  unmap(request: MappingRequest, signal: AbortSignal): Promise<void>;
}

/** Why there is no mapping, in words that continue "the router ...". */
export class MappingError extends Error {
  /** It did not answer at all, so perhaps it does not speak this protocol. */
  readonly isSilence: boolean;

  constructor(message: string, isSilence = false) {
    super(message);
    this.name = 'MappingError';
    this.isSilence = isSilence;
  }
}

export function silence(): MappingError {
  return new MappingError('does not answer', true);
}

/** What a router grants, if it can be true. Errors: MappingError; a router may say anything. */
export function plausible(address: string, port: number, lifetimeMs: number): GrantedMapping {
  if (!isHost(address)) throw new MappingError(`says that its address is ${JSON.stringify(address.slice(0, 40))}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new MappingError(`maps to port ${port}`);
  if (!(lifetimeMs > 0)) throw new MappingError('grants a mapping for no time at all');
  return { address, port, lifetimeMs };
}

/** One host's IPv4 address, private or not: neither "this network", loopback, multicast, reserved nor broadcast. */
function isHost(address: string): boolean {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (octets === undefined || octets.some((octet) => octet > 255)) return false;
  return octets[0] !== 0 && octets[0] !== 127 && octets[0]! < 224;
}
