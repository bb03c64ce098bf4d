import type { FirewallRule } from '../../io/linux/firewall.ts';
import { formatIpv4 } from '../../wire/text.ts';
import type { Facts } from './facts.ts';

/** Something to change, to the letter. */
export interface Rule {
  /** Where: "this host", "the router 192.168.1.1". */
  readonly at: string;
  /** For a router with forms to fill in. */
  readonly text: string;
  /** For a Linux machine, as root; each line is a command. */
  readonly commands: readonly string[];
}

/** The port that the rules name: the user's, or one that is free for it in most networks. */
export function portToOpen({ isPortChosen, servicePort }: Facts): number {
  return isPortChosen ? servicePort : 3_545;
}

/** A port forward to this host; a symmetric NAT must also keep the port on the way out. */
export function forward(facts: Facts, port: number, isSymmetric: boolean): Rule[] {
  const { router, wayOut } = facts;
  const local = typeof wayOut === 'object' && wayOut !== null ? wayOut.local : 'THIS-HOST';
  const at = router === undefined ? 'the router' : `the router ${router.gateway}`;
  const keep = `outbound NAT for UDP ${local} port ${port}: static port ${port}`;
  return [
    {
      at,
      text: `port forward UDP ${port} to ${local} port ${port}${isSymmetric ? `; ${keep}` : ''}`,
      commands: [
        forwardCommand(port, local),
        ...(isSymmetric
          ? [`nft insert rule ip nat postrouting ip saddr ${local} udp sport ${port} masquerade to :${port}`]
          : []),
      ],
    },
  ];
}

/** Two NATs: the router maps the port when a client asks it, the outer one must be told by hand. */
export function forwardByOuter({ services }: Facts, port: number): Rule[] {
  const external =
    typeof services === 'string' ? undefined : services.find((one) => one.external !== undefined)?.external;
  const target = external ?? 'THE-ROUTER';
  return [
    {
      at: 'the outer NAT',
      text: `port forward UDP ${port} to ${target} port ${port}`,
      commands: [forwardCommand(port, target)],
    },
  ];
}

/** A host without a NAT, behind a firewall. */
export function letIn(port: number): Rule[] {
  return [
    {
      at: 'the firewall',
      text: `let UDP port ${port} in`,
      commands: [`nft insert rule inet filter input udp dport ${port} accept`],
    },
  ];
}

/** A network that drops what we send. */
export function letOut(servers: readonly number[], what: 'port 3544' | 'all', { router }: Facts): Rule[] {
  const to = servers.map(formatIpv4);
  const match = what === 'all' ? 'meta l4proto udp' : 'udp dport 3544';
  return [
    {
      at: router === undefined ? 'the router or its firewall' : `the router ${router.gateway}, or its firewall`,
      text:
        what === 'all'
          ? 'let UDP out to any address and port, and the answers in'
          : `let UDP out to port 3544 of ${to.join(' and ')}, and the answers in; peers need UDP to other ports too`,
      commands: [`nft insert rule ip filter forward ${match} accept`],
    },
  ];
}

/** The firewall of this host: each rule or policy in the way gets an exception before it. */
export function localFirewall(rules: readonly FirewallRule[] | string): Rule[] {
  const text = 'let UDP out and in';
  if (typeof rules === 'string' || rules.length === 0) {
    return [
      {
        at: 'this host',
        text: `${text}; "nft list ruleset", run by root, shows where it is dropped`,
        commands: ['nft insert rule inet filter output meta l4proto udp accept'],
      },
    ];
  }
  const chains = new Map(rules.map((rule) => [`${rule.family} ${rule.table} ${rule.chain}`, rule]));
  return [
    {
      at: 'this host',
      text,
      commands: [...chains].map(([chain, { hook }]) => {
        return hook === 'output'
          ? `nft insert rule ${chain} meta l4proto udp accept`
          : `nft insert rule ${chain} meta l4proto udp ct state established,related accept`;
      }),
    },
  ];
}

/** Whoever runs the server. */
export function serverAddress(ipv4: number): Rule {
  const address = formatIpv4(ipv4);
  return {
    at: 'the server, by whoever runs it',
    text: `${address} must be an address of the server, with UDP port 3544 open`,
    commands: [`nft insert rule inet filter input ip daddr ${address} udp dport 3544 accept`],
  };
}

/** Whatever the interfaces are called: what comes for the router's own addresses from anywhere. */
function forwardCommand(port: number, to: string): string {
  return `nft insert rule ip nat prerouting fib daddr type local udp dport ${port} dnat to ${to}:${port}`;
}
