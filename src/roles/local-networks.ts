/** An IPv4 address of the host and the prefix length of its subnet. */
export interface LocalNetwork {
  /** int32. */
  readonly ipv4: number;
  /** Bits, 0 to 32. */
  readonly prefixLength: number;
}

export function isOwnAddress(networks: readonly LocalNetwork[], ipv4: number): boolean {
  for (let i = 0; i < networks.length; i++) if (networks[i]!.ipv4 === ipv4) return true;
  return false;
}

/** Whether the address lies in a subnet the host is attached to. */
export function isOnLink(networks: readonly LocalNetwork[], ipv4: number): boolean {
  return networks.some((network) => ((network.ipv4 ^ ipv4) & mask(network)) === 0);
}

/** Whether this is the directed broadcast address of an attached subnet (RFC 4380 §5.2.4; ledger SEC-01). */
export function isDirectedBroadcast(networks: readonly LocalNetwork[], ipv4: number): boolean {
  for (let i = 0; i < networks.length; i++) {
    const network = networks[i]!;
    if (network.prefixLength < 31 && (network.ipv4 | ~mask(network)) === ipv4) return true;
  }
  return false;
}

function mask({ prefixLength }: LocalNetwork): number {
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}
