/**
 * What the kernel can do for many packets at once instead of for each:
 *
 * - `tso`: the TUN device hands over and takes TCP super-packets, and leaves checksums to us (TUNSETOFFLOAD).
 * - `uso`: likewise for UDP inside the tunnel, since Linux 6.2.
 * - `segment`: one message on a socket stands for many datagrams of equal size, since Linux 4.18 (UDP_SEGMENT).
 * - `gro`: likewise for what comes in, since Linux 5.0 (UDP_GRO).
 */
export const OFFLOADS = ['tso', 'uso', 'segment', 'gro'] as const;

export type Offload = (typeof OFFLOADS)[number];

/** What may be used, or what is. */
export type Offloads = readonly Offload[];
