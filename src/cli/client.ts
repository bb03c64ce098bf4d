import type { Command } from 'commander';
import { EXTENSION_NAMES, PUBLIC_SERVER } from '../daemon/configuration/names.ts';
import { addCommonOptions, COMMON_OPTIONS, flagsOf, type Options } from './role-command.ts';

const OPTIONS: Options = {
  ...COMMON_OPTIONS,
  server2: { flag: '--server2', key: 'client.server_secondary' },
  port: { flag: '--port', key: 'client.port' },
  identifier: { flag: '--identifier', key: 'client.identifier' },
  secretFile: { flag: '--secret-file', key: 'client.secret_file', isPath: true },
  refreshInterval: { flag: '--refresh-interval', key: 'client.refresh_interval' },
  type: { flag: '--type', key: 'client.type' },
  domain: { flag: '--domain', key: 'client.domain' },
  onDemand: { flag: '--on-demand', key: 'client.on_demand' },
  idleTime: { flag: '--idle-time', key: 'client.idle_time' },
  findRefreshInterval: { flag: '--find-refresh-interval', key: 'client.find_refresh_interval' },
  localDiscovery: { flag: '--no-local-discovery', key: 'client.local_discovery' },
  natIdentification: { flag: '--no-nat-identification', key: 'client.nat_identification' },
  portMapping: { flag: '--no-port-mapping', key: 'client.port_mapping' },
  without: { flag: '--without', key: 'client.without' },
  evenWithIpv6: { flag: '--even-with-ipv6', key: 'client.even_with_ipv6' },
};

export function register(program: Command): void {
  const command = program
    .command('client')
    .description('give this host an IPv6 address through its NAT')
    .argument('[SERVER...]', `names or IPv4 addresses of Teredo servers, best first (default: ${PUBLIC_SERVER})`)
    .option('--server2 <ADDRESS>', 'second address of the first server (default: the next after the first address)')
    .option('--port <PORT>', 'local UDP port (default: chosen at random by the kernel)')
    .option('--interface <NAME>', 'name of the TUN interface (default: teredo)')
    .option('--identifier <ID>', 'client identifier for secure qualification')
    .option('--secret <SECRET>', 'its secret, as text or hex:...; others on this host can see it')
    .option('--secret-file <FILE>', 'file with the secret in its first line')
    .option('--refresh-interval <SECONDS>', 'how often the mapping is kept alive (default: 30; natawareclient: 20)')
    .option('--type <TYPE>', 'client (off in a managed network), enterpriseclient or natawareclient')
    .option('--domain <NAME>', 'domain whose controllers make a network managed (default: the joined one)')
    .option('--on-demand', 'stay dormant until a packet wants to leave')
    .option('--idle-time <SECONDS>', 'on demand: dormant again after so long without a packet (default: 3600)')
    .option('--find-refresh-interval', 'find out how long the NAT keeps a mapping (RFC 4380 5.2.7)')
    .option('--no-local-discovery', 'do not look for other clients on this link by multicast')
    .option('--no-nat-identification', 'do not find out the NAT type with a second socket')
    .option('--no-port-mapping', 'do not ask the router to map the UDP port (PCP, NAT-PMP, UPnP)')
    .option(
      '--without <EXTENSIONS>',
      `RFC 6081 extensions to leave out, with commas between: ${EXTENSION_NAMES.join(', ')}, all`,
    )
    .option('--even-with-ipv6', 'run although this host reaches the IPv6 Internet without Teredo');
  addCommonOptions(command).action(
    async (servers: readonly string[], options: { config?: string; secret?: string }) => {
      const flags = flagsOf(command, OPTIONS);
      if (servers.length > 0) flags.set('client.servers', { name: 'SERVER', value: servers });
      const { runRole } = await import('./run-role.ts');
      process.exitCode = await runRole({
        role: 'client',
        config: options.config,
        flags,
        ...(options.secret === undefined ? {} : { secret: { name: '--secret', text: options.secret } }),
      });
    },
  );
}
