import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';

/** miniupnpd, which home routers run, on a router with interfaces `wan` and `lan`. */

export interface MiniupnpdOptions {
  /** NAT-PMP and PCP. */
  readonly natPmp?: boolean;
  readonly upnp?: boolean;
  /** Seconds, of PCP and NAT-PMP. */
  readonly lifetimeMax?: number;
  /** Lines of permission, the first that matches decides; everything by default. */
  readonly permissions?: readonly string[];
}

/** A NAT of the kernel with the chains that miniupnpd fills. */
export async function prepareRouter(router: Namespace): Promise<void> {
  await router.sysctl({ 'net.ipv4.ip_forward': 1 });
  await router.nft(`
    table inet filter {
      chain miniupnpd {
      }
      chain prerouting_miniupnpd {
      }
      chain postrouting_miniupnpd {
      }
      chain forward {
        type filter hook forward priority filter; policy accept;
        jump miniupnpd
      }
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        jump prerouting_miniupnpd
      }
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        jump postrouting_miniupnpd
        oifname "wan" masquerade
      }
    }
  `);
}

export async function startMiniupnpd(router: Namespace, options: MiniupnpdOptions = {}): Promise<Process> {
  const {
    natPmp = true,
    upnp = true,
    lifetimeMax = 86_400,
    permissions = ['allow 1-65535 0.0.0.0/0 1-65535'],
  } = options;
  const { directory } = router.network;
  const file = join(directory, 'miniupnpd.conf');
  const lines = [
    'ext_ifname=wan',
    'listening_ip=lan',
    'port=0',
    `enable_natpmp=${natPmp ? 'yes' : 'no'}`,
    `enable_upnp=${upnp ? 'yes' : 'no'}`,
    // A host maps ports to itself only.
    'secure_mode=yes',
    'min_lifetime=1',
    `max_lifetime=${lifetimeMax}`,
    'uuid=b0a7b0a7-0000-4000-8000-000000000001',
    ...permissions,
    'deny 0-65535 0.0.0.0/0 0-65535',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const process = router.start(['miniupnpd', '-d', '-f', file, '-P', join(directory, 'miniupnpd.pid')], 'miniupnpd');
  await process.printed(natPmp ? /Listening for NAT-PMP\/PCP traffic/ : /HTTP listening on port/);
  return process;
}

/** The port mappings that are in force, as the kernel has them: "40001 to 192.168.1.2:40001". */
export async function mappings(router: Namespace): Promise<string[]> {
  const chain = await router.run(['nft', 'list', 'chain', 'inet', 'filter', 'prerouting_miniupnpd']);
  return [...chain.matchAll(/dport (\d+) dnat ip to ([\d.:]+)/g)].map(([, port, to]) => `${port} to ${to}`);
}

/** What miniupnpd leaves behind when it ends. */
export async function forgetMappings(router: Namespace): Promise<void> {
  for (const chain of ['miniupnpd', 'prerouting_miniupnpd', 'postrouting_miniupnpd']) {
    await router.run(['nft', 'flush', 'chain', 'inet', 'filter', chain]);
  }
}
