import { formatIpv4, parseIpv4 } from '../../wire/text.ts';
import { isPublic } from '../port-mappings.ts';
import { type AddressFacts, type Facts, type Known, no, notKnown, yes } from './facts.ts';
import { type CheckId, type Finding, found, unknown } from './finding.ts';

/** What the kernel calls interfaces that lead into a tunnel. */
const TUNNELS = new Set(['wireguard', 'tun', 'ppp', 'ipip', 'gre', 'gretap', 'sit', 'vti', 'xfrm', 'ovpn', 'l2tp']);

/** Every check with its value, in the order in which people read them. */
export function findings(facts: Facts): Finding[] {
  const { client, open, lifetime, mtu, nativeIpv6, managedNetwork } = facts;
  return [
    ...facts.servers.flatMap((server) => [
      server.nameError === undefined
        ? found('server-name', 'yes', `${server.name}${addressIfNamed(server.name, server.primary)}`)
        : found('server-name', 'no', `${server.name}: ${server.nameError}`),
      ...addressFinding('server-primary', server.primary),
      ...addressFinding('server-secondary', server.secondary),
    ]),
    natMapping(facts),
    behaviour('nat-filtering', facts, client?.behaviour?.filtering ?? filteringByName(client?.nat)),
    behaviour('port-allocation', facts, client?.behaviour?.portAllocation),
    behaviour('hairpinning', facts, client?.behaviour?.hairpinning),
    asFinding('open-port', open, `port ${facts.servicePort}`),
    lifetimeFinding(lifetime, isDirect(facts)),
    ...services(facts),
    asFinding('double-nat', doubleNat(facts)),
    asFinding('local-firewall', localFirewall(facts)),
    asFinding('vpn', vpn(facts)),
    asFinding('native-ipv6', nativeIpv6),
    asFinding('managed-network', managedNetwork),
    asFinding('mtu', mtu),
  ];
}

/** Whether no NAT lies between this host and the server. */
export function isDirect({ client }: Facts): boolean {
  return client?.nat === 'none';
}

/** RFC 4787 §4.1 by its consequence: the two addresses of the server see another port. */
export function isSymmetric({ client }: Facts): boolean {
  return client?.qualified?.nat === 'symmetric';
}

/** Whether another NAT lies behind the router: it says that its outer address is another than the server saw. */
export function doubleNat(facts: Facts): Known {
  if (isDirect(facts)) return no('no NAT at all');
  if (typeof facts.services === 'string') return notKnown(facts.services);
  const external = facts.services.find((service) => service.external !== undefined)?.external;
  if (external === undefined) return notKnown('the router does not tell its outer address');
  const ipv4 = parseIpv4(external)!;
  if (!isPublic(ipv4)) return yes(`the outer address of the router is ${external}, which is not public`);
  if (facts.mapped === undefined) return notKnown('no server told where it sees this host');
  const seen = formatIpv4(facts.mapped.ipv4);
  if (ipv4 === facts.mapped.ipv4) return no(`the server sees the router's own address, ${seen}`);
  return yes(`the outer address of the router is ${external}, but the server sees ${seen}`);
}

/** Whether this host's own firewall ends our datagrams. What got through proves more than any list of rules. */
export function localFirewall(facts: Facts): Known {
  const { servers, rules, asked } = facts;
  if (asked !== undefined) return no('answers come in');
  const addresses = servers.flatMap(({ primary, secondary }) => [primary, secondary].flatMap((one) => one ?? []));
  if (addresses.some((one) => one.sendError === 'EPERM' || one.sendError === 'EACCES')) {
    return yes('the kernel refuses to send (EPERM)');
  }
  if (addresses.length === 0) return notKnown('nothing was sent');
  if (typeof rules === 'string') return notKnown(`${rules}, and the kernel refuses nothing`);
  const suspect = rules.find(({ hook }) => hook === 'input') ?? rules[0];
  if (suspect === undefined) return no('no rule drops it');
  return yes(`${suspect.family} ${suspect.table} ${suspect.chain}: ${suspect.text}`);
}

export function vpn({ wayOut }: Facts): Known {
  if (wayOut === 'no ip') return notKnown('the program ip is not there (package iproute2)');
  if (wayOut === undefined) return notKnown('there is no route to a server');
  const { interfaceName, kind } = wayOut;
  if (kind !== undefined && TUNNELS.has(kind))
    return yes(`the way to the server leads into ${interfaceName} (${kind})`);
  return no(`the way to the server leads out of ${interfaceName}`);
}

function addressIfNamed(name: string, primary: AddressFacts | undefined): string {
  const address = primary === undefined ? '' : formatIpv4(primary.ipv4);
  return address === name ? '' : ` is ${address}`;
}

function addressFinding(id: CheckId, facts: AddressFacts | undefined): Finding[] {
  if (facts === undefined) return [];
  const address = formatIpv4(facts.ipv4);
  const { outcome, sendError, knocks } = facts;
  if (typeof outcome === 'object') return [found(id, 'yes', `${address} answers after ${milliseconds(outcome.rttMs)}`)];
  if (outcome === 'rejected') return [found(id, 'rejected', `${address} answers that the secret is not good`)];
  if (sendError !== undefined) return [unknown(id, `${address}: this host does not send (${sendError})`)];
  if (knocks?.service === 'answered') return [found(id, 'no', `${address} says that no server listens on UDP 3544`)];
  return [unknown(id, `no answer from ${address} in 4 tries`)];
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function natMapping(facts: Facts): Finding {
  const { client, mapped, servicePort } = facts;
  if (client?.qualified === undefined) return unknown('nat-mapping', whyNoBehaviour(facts));
  if (isDirect(facts)) return found('nat-mapping', 'none', 'no NAT between this host and the server');
  const value = isSymmetric(facts) ? 'endpoint-dependent' : 'endpoint-independent';
  const seen = mapped === undefined ? '' : `, seen as ${formatIpv4(mapped.ipv4)} port ${mapped.port}`;
  return found('nat-mapping', value, `port ${servicePort}${seen}`);
}

/** The name alone is known when time was over before the last question. */
function filteringByName(nat: string | undefined): string | undefined {
  if (nat === 'cone') return 'endpoint-independent';
  if (nat === 'address-restricted') return 'address-dependent';
  return nat === 'port-restricted' ? 'address-and-port-dependent' : undefined;
}

function behaviour(id: CheckId, facts: Facts, value: string | undefined): Finding {
  if (isDirect(facts)) return found(id, 'none', 'no NAT');
  if (value === undefined || value === 'unknown') return unknown(id, whyNoBehaviour(facts));
  return found(id, value);
}

function whyNoBehaviour({ client, asked }: Facts): string {
  if (asked === undefined) return 'no server answered';
  if (client === undefined) return 'the second address of the server must answer for that';
  return client.offLine ?? 'no answer from the server, or no time left';
}

function lifetimeFinding(lifetime: Known, isWithoutNat: boolean): Finding {
  return isWithoutNat ? found('mapping-lifetime', 'none', 'no NAT') : asFinding('mapping-lifetime', lifetime);
}

function services(facts: Facts): Finding[] {
  const { services } = facts;
  const ids = { PCP: 'pcp', 'NAT-PMP': 'nat-pmp', UPnP: 'upnp' } as const;
  if (isDirect(facts)) return Object.values(ids).map((id) => found(id, 'none', 'no NAT'));
  if (typeof services === 'string') return Object.values(ids).map((id) => unknown(id, services));
  return services.map(({ protocol, value, reason, external }) => {
    if (value === 'yes') return found(ids[protocol], 'yes', `outer address ${external}; taken back`);
    if (value === 'unknown')
      return unknown(ids[protocol], reason === 'it does not answer' ? 'no answer in 3 tries' : reason);
    return found(ids[protocol], 'no', reason);
  });
}

function asFinding(id: CheckId, known: Known, prefix = ''): Finding {
  if (known.value === 'unknown') return unknown(id, known.why);
  return found(id, known.value, [prefix, known.detail ?? ''].filter((part) => part !== '').join(', '));
}
