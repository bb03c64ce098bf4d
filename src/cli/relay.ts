import type { Command } from 'commander';
import {
  type DaemonConfiguration,
  OFFLOADS,
  type Offloads,
  type RelayConfiguration,
} from '../daemon/configuration/configuration.ts';
import { RELAY_PORT } from '../roles/constants.ts';
import { interfaceFlag, ipv4Flag, offloadsFlag, portFlag } from './flags.ts';
import { runInForeground } from './foreground.ts';

interface RelayOptions {
  readonly address?: number;
  readonly port: number;
  readonly interface: string;
  readonly behindNat: boolean;
  readonly offloads?: Offloads;
  readonly json?: boolean;
}

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
  program
    .command(role)
    .description(description)
    .option('--address <ADDRESS>', 'IPv4 address of this host to use (default: any)', ipv4Flag('--address'))
    .option('--port <PORT>', 'UDP port', portFlag('--port'), RELAY_PORT)
    .option('--interface <NAME>', 'name of the TUN interface', interfaceFlag('--interface'), 'teredo')
    .option('--behind-nat', 'this host is itself behind a NAT: open it toward each client', false)
    .option('--offloads <LIST>', 'what of the kernel to use for speed: all, none or a list', offloadsFlag('--offloads'))
    .option('--json', 'print one JSON object for each change')
    .action(async (options: RelayOptions) => {
      const { address = 0, port, interface: interfaceName, behindNat, offloads = OFFLOADS } = options;
      const configuration: DaemonConfiguration = [{ role, interfaceName, ipv4: address, port, behindNat, offloads }];
      process.exitCode = await runInForeground(options, { role, type: 'relay', interfaceName }, () => ({
        configuration,
      }));
    });
}
