/** A name of a constant as people read it: "MappingMismatch" is "mapping mismatch". */
export function words(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace('ipv4', 'IPv4')
    .replace('ipv6', 'IPv6');
}
