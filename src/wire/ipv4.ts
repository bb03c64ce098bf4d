/** IPv4 addresses as int32, and the only question Teredo asks of them (ledger SEC-01). */

/**
 * Whether a Teredo node may send to this address at all.
 *
 * Shape:  an int32 in; exactly the list of the RFC, nothing wider: documentation ranges, 100.64/10 and 240/4 pass.
 *         (ledger SEC-02). The directed broadcast addresses of attached subnets are the role's to refuse: it knows them.
 * Source: RFC 4380 §5.2.4.
 */
export function isGlobalUnicast(ipv4: number): boolean {
  const first = ipv4 >>> 24;
  if (first >= 224) return first >= 240 && ipv4 !== -1;
  if (first === 0 || first === 10 || first === 127) return false;
  const two = ipv4 >>> 16;
  if (two === 0xa9fe || two === 0xc0a8) return false;
  return two >>> 4 !== 0xac1 && ipv4 >>> 8 !== 0xc05863;
}

export function isMulticast(ipv4: number): boolean {
  return ipv4 >>> 28 === 14;
}
