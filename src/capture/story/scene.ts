import { NONCE_LENGTH, nonceAt } from '../../wire/authentication.ts';
import type { Description } from '../../wire/describe.ts';
import type { Encapsulation } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import { formatHex, formatIpv6 } from '../../wire/text.ts';
import type { Endpoint } from '../datagram.ts';
import type { Parties, Party } from './parties.ts';

/** One Teredo datagram with all that is known about its two ends. */
export interface Scene {
  readonly at: number;
  readonly parties: Parties;
  readonly sender: Party;
  readonly receiver: Party;
  /** Where the datagram came from and went to, as its sender wrote it ... */
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** ... and as its receiver read it, NATs between them having done their work. The same, as far as a file tells. */
  readonly seenSource: Endpoint;
  readonly reached: Endpoint;
  readonly bytes: Uint8Array;
  readonly parts: Encapsulation;
  readonly description: Description;
  /** Inner addresses as text. */
  readonly from: string;
  readonly to: string;
  /** The name of a native host, learnt from DNS or given; else its address. */
  readonly hostName: (address: string) => string;
}

export function originOf({ bytes, parts }: Scene): Endpoint | undefined {
  if (parts.originAt < 0) return undefined;
  return { ipv4: origin.ipv4(bytes, parts.originAt), port: origin.port(bytes, parts.originAt) };
}

/** The nonce in hex; empty without an authentication header. */
export function nonceOf({ bytes, parts }: Scene): string {
  if (parts.authenticationAt < 0) return '';
  const at = nonceAt(bytes, parts.authenticationAt);
  return formatHex(bytes.subarray(at, at + NONCE_LENGTH));
}

/** The data of the echo message in the packet at `packetAt`, in hex with identifier and sequence number. */
export function echoData(bytes: Uint8Array, packetAt: number, packetEnd: number): string {
  return formatHex(bytes.subarray(packetAt + ipv6.LENGTH + 4, packetEnd));
}

export function innerAddresses(bytes: Uint8Array, packetAt: number): { from: string; to: string } {
  return {
    from: formatIpv6(bytes, packetAt + ipv6.SOURCE),
    to: formatIpv6(bytes, packetAt + ipv6.DESTINATION),
  };
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.ipv4 === b.ipv4 && a.port === b.port;
}
