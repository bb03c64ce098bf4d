import type { NatNodeSpec, Uplink } from './lan.ts';
import type { Namespace } from './namespaces.ts';
import type { Process } from './process.ts';
import { startTeredo } from './teredo.ts';

/** The two TUN interfaces of a NAT node. */
const INSIDE = 'nat-inside';
const OUTSIDE = 'nat-outside';
/** Packets that wait for the node at most. */
const QUEUE_LENGTH = 2_000;
const TABLE = 100;

/**
 * Starts a NAT node in a namespace with interfaces `lan` and `wan` and waits until it is ready.
 *
 * What comes from `lan` goes to the one TUN interface, what comes for an external address to the other; what the node
 * writes is routed as usual. The kernel must not know the external addresses as its own, so it answers for them by
 * proxy ARP.
 */
export async function startNatNode(
  uplink: Uplink,
  nat: Namespace,
  spec: NatNodeSpec,
  external: readonly string[],
): Promise<Process> {
  await nat.sysctl({ 'net.ipv4.conf.wan.proxy_arp': 1, 'net.ipv4.neigh.wan.proxy_delay': 0 });
  await nat.ip(
    ...[INSIDE, OUTSIDE].flatMap((name) => [
      `tuntap add mode tun name ${name}`,
      `link set ${name} addrgenmode none txqueuelen ${QUEUE_LENGTH} up`,
    ]),
    `address add ${ownAddress(uplink, external)}/32 dev wan`,
    `route add ${uplink.onLink} dev wan`,
    `route add default via ${uplink.gateway} dev wan`,
    ...external.map((address) => `route add ${address}/32 dev ${OUTSIDE}`),
    `rule add iif lan lookup ${TABLE}`,
    `route add default dev ${INSIDE} table ${TABLE}`,
  );
  const node = startTeredo(nat, [
    ...['lab', 'nat', '--inside', INSIDE, '--outside', OUTSIDE, '--json'],
    ...['--kind', spec.kind, '--external', external.join(','), '--gateway', `192.168.${uplink.depth + 1}.1`],
    ...flags(spec),
  ]);
  await node.printed(/"type":"ready"/);
  return node;
}

/** The namespace asks for its neighbours by an address of its own, which none of them may have too. */
function ownAddress(uplink: Uplink, [address]: readonly string[]): string {
  return `169.254.${uplink.depth}.${address!.slice(address!.lastIndexOf('.') + 1)}`;
}

/** What differs from the kind's usual behaviour, as flags of `teredo lab nat`. */
function flags({ options = {} }: NatNodeSpec): string[] {
  const { mapping, filtering, allocation, lifetimeMs, inboundRefresh, hairpinning, firstPort, upnp } = options;
  const given = (flag: string, value: string | number | undefined) => (value === undefined ? [] : [flag, `${value}`]);
  return [
    ...given('--mapping', mapping),
    ...given('--filtering', filtering),
    ...given('--allocation', allocation),
    ...given('--lifetime', lifetimeMs === undefined ? undefined : lifetimeMs / 1_000),
    ...given('--first-port', firstPort),
    ...(inboundRefresh === true ? ['--inbound-refresh'] : []),
    ...(upnp === true ? ['--upnp'] : []),
    ...(hairpinning === false ? ['--no-hairpinning'] : []),
  ];
}
