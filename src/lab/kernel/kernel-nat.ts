/** NATs of the Linux kernel, as nftables rules for a router with interfaces `wan` and `lan`. */

/**
 * `masquerade` keeps the port where it can and lets in only who was written to: port-restricted, in the words of
 * RFC 4380 §2.5. `masquerade random` takes another port for each destination: symmetric. `full cone` sends every
 * datagram that comes from outside to the one host behind it: cone.
 */
export type KernelNat = 'masquerade' | 'masquerade random' | 'full cone';

/** The whole ruleset of such a router; a full cone sends what comes to the one host `lanHost`. */
export function kernelNatRules(kind: KernelNat, publicIpv4: string, lanHost: string): string {
  // What the router itself does not expect it drops without a word, as home routers do. An accepted stray datagram
  // would leave a state behind that takes the port from the host's own next datagram to the same peer.
  return `
    table ip filter {
      chain input {
        type filter hook input priority filter; policy accept;
        iifname "wan" ct state != { established, related } drop
      }
    }
    table ip nat {
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        ${kind === 'full cone' ? `iifname "wan" meta l4proto udp dnat to ${lanHost}` : ''}
      }
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "wan" ${sourceRule(kind, publicIpv4)}
      }
    }
  `;
}

function sourceRule(kind: KernelNat, publicIpv4: string): string {
  switch (kind) {
    case 'masquerade':
      return 'masquerade';
    case 'masquerade random':
      return 'masquerade fully-random';
    case 'full cone':
      return `snat to ${publicIpv4}`;
  }
}
