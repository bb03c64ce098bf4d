/** What a reader wants to see of what passes. */
export interface TapOptions {
  /** Datagrams, packets at the interface, or both. */
  readonly side: 'udp' | 'tun' | 'both';
  /** Octets of each that are kept; the rest is only counted. */
  readonly snapLength: number;
  /** 16 octets: only what this address sends or gets; see `concerns`. */
  readonly peer?: Uint8Array;
  /** Echo replies with this identifier are the reader's: they do not enter the interface. */
  readonly identifier?: number;
}
