import {
  addressRestrictedNat,
  addressSymmetricNat,
  coneNat,
  type NatKind,
  type NatOptions,
  portPreservingSymmetricNat,
  portRestrictedNat,
  sequentialSymmetricNat,
  symmetricNat,
  upnpPortRestrictedNat,
  upnpPortSymmetricNat,
} from '../sim/nat-kinds.ts';

/** The NATs by the names people give them; `sim/nat-kinds.ts` says what each one does. */
export const natNames = [
  'cone',
  'address-restricted',
  'port-restricted',
  'UPnP port-restricted',
  'UPnP symmetric',
  'symmetric',
  'port-preserving symmetric',
  'sequential symmetric',
  'address-symmetric',
] as const;

export type NatName = (typeof natNames)[number];

/** Builds a kind by its name; only an address-symmetric NAT uses more than the first of the external addresses. */
export function natKind(name: NatName, external: readonly string[] = [], options?: NatOptions): NatKind {
  const [ipv4] = external;
  switch (name) {
    case 'cone':
      return coneNat(ipv4, options);
    case 'address-restricted':
      return addressRestrictedNat(ipv4, options);
    case 'port-restricted':
      return portRestrictedNat(ipv4, options);
    case 'UPnP port-restricted':
      return upnpPortRestrictedNat(ipv4, options);
    case 'UPnP symmetric':
      return upnpPortSymmetricNat(ipv4, options);
    case 'symmetric':
      return symmetricNat(ipv4, options);
    case 'port-preserving symmetric':
      return portPreservingSymmetricNat(ipv4, options);
    case 'sequential symmetric':
      return sequentialSymmetricNat(ipv4, options);
    case 'address-symmetric':
      return addressSymmetricNat(external, options);
  }
}
