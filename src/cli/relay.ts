import type { Command } from 'commander';
import type { RelayConfiguration } from '../daemon/configuration/configuration.ts';
import { addCommonOptions, COMMON_OPTIONS, flagsOf, type Options } from './role-command.ts';

const OPTIONS: Options = {
  ...COMMON_OPTIONS,
  address: { flag: '--address', key: 'relay.ipv4' },
  port: { flag: '--port', key: 'relay.port' },
  behindNat: { flag: '--behind-nat', key: 'relay.behind_nat' },
  announce: { flag: '--announce', key: 'relay.announce' },
  announceProbes: { flag: '--announce-probes', key: 'relay.announce_probes' },
};

/** Both kinds of relay: they differ in whom they serve. */
export function register(program: Command): void {
  add(
    program,
    'relay',
    'connect IPv6 networks with Teredo clients: takes packets for 2001::/32 that this host forwards',
  );
  add(program, 'host-relay', 'connect this host, which has IPv6 already, with Teredo clients');
}

function add(program: Command, role: RelayConfiguration['role'], description: string): void {
  const command = program
    .command(role)
    .description(description)
    .option('--address <ADDRESS>', 'IPv4 address of this host to use (default: any)')
    .option('--port <PORT>', 'UDP port (default: 3545)')
    .option('--interface <NAME>', 'name of the TUN interface (default: teredo)')
    .option('--behind-nat', 'this host is itself behind a NAT: open it toward each client');
  if (role === 'relay') {
    command
      .option('--announce', 'have the route that a routing daemon announces only while tests pass')
      .option('--announce-probes <LIST>', 'Teredo addresses, one of which must answer an echo through the tunnel');
  }
  addCommonOptions(command).action(async ({ config }: { config?: string }) => {
    const { runRole } = await import('./run-role.ts');
    process.exitCode = await runRole({ role, config, flags: flagsOf(command, OPTIONS) });
  });
}
