import type { FirewallRule } from '../../io/linux/firewall.ts';
import type { WayOut } from '../../io/linux/way-out.ts';
import type { Router } from '../../io/mapping/mapping.ts';
import type { Knock } from '../../io/portable/knock.ts';
import type { Endpoint } from '../../roles/role.ts';
import type { ClientFindings } from './behaviour.ts';
import type { ServiceAnswer } from './mapping-services.ts';
import type { Outcome } from './solicitor.ts';

/** Yes, no, or why it is not known; 'unknown' always carries its reason. */
export type Known =
  | { readonly value: 'yes' | 'no'; readonly detail?: string }
  | { readonly value: 'unknown'; readonly why: string };

export const yes = (detail?: string): Known => ({ value: 'yes', ...(detail === undefined ? {} : { detail }) });
export const no = (detail?: string): Known => ({ value: 'no', ...(detail === undefined ? {} : { detail }) });
export const notKnown = (why: string): Known => ({ value: 'unknown', why });

/** One address of a server, after some solicitations. */
export interface AddressFacts {
  readonly ipv4: number;
  readonly outcome: Outcome;
  /** The system refused to send, by the name of the error; undefined: it did not. */
  readonly sendError: string | undefined;
  /** After silence: other ways to the same address. */
  readonly knocks?: AddressKnocks;
}

export interface AddressKnocks {
  /** UDP port 3544, where an ICMP error would come back to. */
  readonly service: Knock;
  /** A UDP port that nobody uses. */
  readonly otherUdp: Knock;
  readonly tcp: Knock;
}

export interface ServerFacts {
  readonly name: string;
  /** Why the name could not be resolved. */
  readonly nameError?: string;
  readonly primary?: AddressFacts;
  readonly secondary?: AddressFacts;
}

/** All that a diagnosis found out, before anybody judges it. */
export interface Facts {
  /** As named; the first is the one in question. */
  readonly servers: readonly ServerFacts[];
  /** Of `servers`, the one that the questions about the NAT were put to. */
  readonly asked: ServerFacts | undefined;
  readonly wayOut: WayOut | undefined | 'no ip';
  readonly router: Router | undefined;
  /** Where the server saw our service port. */
  readonly mapped: Endpoint | undefined;
  readonly servicePort: number;
  /** The service port was chosen by the user. */
  readonly isPortChosen: boolean;
  readonly client: ClientFindings | undefined;
  /** Whether strangers reach the service port, by itself or by a mapping that the router made for it. */
  readonly open: Known;
  readonly openByMapping: Known;
  readonly services: readonly ServiceAnswer[] | string;
  readonly lifetime: Known;
  readonly lifetimeMs: number | undefined;
  readonly rules: readonly FirewallRule[] | string;
  readonly nativeIpv6: Known;
  readonly managedNetwork: Known;
  readonly mtu: Known;
}

/** Whether an address of the server gave an advertisement that passed every check. */
export function answers(address: AddressFacts | undefined): boolean {
  return typeof address?.outcome === 'object';
}

export function answersAtBoth({ primary, secondary }: ServerFacts): boolean {
  return answers(primary) && answers(secondary);
}
