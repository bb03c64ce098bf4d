import type { MappingLifetime, NatBehaviour, NatType } from '../roles/role.ts';

/** What lies between a client and its server, in words for people. */

export const NAT_WORDS: Record<NatType, string> = {
  unknown: 'not known yet',
  none: 'none, the address of this host is public',
  cone: 'cone (whoever knows the mapped port reaches us)',
  'address-restricted': 'address-restricted cone (reached by those we wrote to, from any of their ports)',
  'port-restricted': 'port-restricted cone (reached by those we wrote to, from the very port)',
  restricted: 'address-restricted or port-restricted cone',
  symmetric: 'symmetric (another mapping for each peer)',
};

/** RFC 4787 §4.1 and §5 for people. */
const MAPPING_WORDS: Record<NatBehaviour['mapping'], string> = {
  'endpoint-independent': 'one mapping for all destinations',
  'endpoint-dependent': 'another mapping for each destination',
  unknown: 'mapping: unknown',
};
const FILTERING_WORDS: Record<NatBehaviour['filtering'], string> = {
  'endpoint-independent': 'lets in anybody',
  'address-dependent': 'lets in addresses that were sent to',
  'address-and-port-dependent': 'lets in only what was sent to, port and all',
  unknown: 'filtering: unknown (the server did not answer)',
};

/** "one mapping for all destinations; lets in whoever was sent to; port numbers: preserving; hairpinning: yes". */
export function behaviour(of: NatBehaviour): string {
  const { mapping, filtering, portAllocation, hairpinning, mappingLifetime } = of;
  return [
    MAPPING_WORDS[mapping],
    FILTERING_WORDS[filtering],
    `port numbers: ${portAllocation}`,
    `hairpinning: ${hairpinning === 'no' ? 'no (no bubble of our own came back in 3 tries)' : hairpinning}`,
    `silent mappings: ${lifetime(mappingLifetime)}`,
  ].join('; ');
}

/** "kept for 90 s, lost within 120 s", or why that is not known. */
function lifetime({ atLeastMs, belowMs, reason }: MappingLifetime): string {
  const bounds = [
    ...(atLeastMs === undefined ? [] : [`kept for ${atLeastMs / 1_000} s`]),
    ...(belowMs === undefined ? [] : [`lost within ${belowMs / 1_000} s`]),
  ];
  return bounds.length > 0 ? bounds.join(', ') : `unknown (${reason})`;
}
