import type { Command } from 'commander';
import { addCommonOptions, COMMON_OPTIONS, flagsOf, type Options } from './role-command.ts';

const OPTIONS: Options = {
  ...COMMON_OPTIONS,
  address: { flag: '--address', key: 'server.ipv4' },
  address2: { flag: '--address2', key: 'server.ipv4_secondary' },
  virtualIp: { flag: '--virtual-ip', key: 'server.virtual_ip' },
  withRelay: { flag: '--with-relay', key: 'server.with_relay' },
  secretFile: { flag: '--secret-file', key: 'server.secrets_file', isPath: true },
  allowAnonymous: { flag: '--allow-anonymous', key: 'server.require_security', means: false },
  mtu: { flag: '--mtu', key: 'server.mtu' },
  advertisementsPerSecond: { flag: '--advertisements-per-second', key: 'server.advertisements_per_second' },
};

export function register(program: Command): void {
  const command = program
    .command('server')
    .description('help clients to find their addresses and each other; listens on UDP port 3544 of two addresses')
    .option('--address <ADDRESS>', 'first public IPv4 address of this host')
    .option('--address2 <ADDRESS>', 'second one (default: the next after the first)')
    .option('--virtual-ip <ADDRESS>', 'address that several servers share, and clients know them by')
    .option('--with-relay', 'be a relay too, on the first address')
    .option('--interface <NAME>', "name of the relay's TUN interface; without --with-relay: reach native hosts by one")
    .option('--secret-file <FILE>', 'lines of "IDENTIFIER SECRET": ask clients to authenticate')
    .option('--allow-anonymous', 'with --secret-file: serve clients without authentication as well')
    .option('--mtu <OCTETS>', 'advertise this MTU to clients')
    .option('--advertisements-per-second <COUNT>', 'answers for one IPv4 address, a NAT included (default: 50)');
  addCommonOptions(command).action(async ({ config }: { config?: string }) => {
    const { runRole } = await import('./run-role.ts');
    process.exitCode = await runRole({ role: 'server', config, flags: flagsOf(command, OPTIONS) });
  });
}
