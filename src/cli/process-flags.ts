import { type Command, Option } from 'commander';
import { HOOK_TIME_LIMIT_S } from '../daemon/configuration/names.ts';
import type { Options } from './role-command.ts';

/** Commands that keep running, and so have what every such process has. */
const RUNNING = new Set(['client', 'server', 'relay', 'host-relay', 'run']);

/** Flags of the process, whatever its roles are. */
export const PROCESS_OPTIONS: Options = {
  controlSocket: { flag: '--control-socket', key: 'control.socket' },
  controlGroup: { flag: '--control-group', key: 'control.group' },
  control: { flag: '--no-control', key: 'control.enabled' },
  hookUp: { flag: '--hook-up', key: 'hooks.up' },
  hookDown: { flag: '--hook-down', key: 'hooks.down' },
  hookAddressChanged: { flag: '--hook-address-changed', key: 'hooks.address_changed' },
  clientHook: { flag: '--client-hook', key: 'hooks.client_hook' },
  hookTimeLimit: { flag: '--hook-time-limit', key: 'hooks.time_limit' },
  metrics: { flag: '--metrics', key: 'metrics.listen' },
  logFormat: { flag: '--log-format', key: 'log.format' },
  logLevel: { flag: '--log-level', key: 'log.level' },
  web: { flag: '--web', key: 'web.listen' },
  webRemote: { flag: '--web-remote', key: 'web.remote' },
  user: { flag: '--user', key: 'privileges.user' },
};

/** Adds them to the commands that keep running. */
export function addProcessFlags(program: Command): void {
  for (const command of program.commands.filter((one) => RUNNING.has(one.name()))) {
    command
      .option('--hook-up <PROGRAM>', 'run this, a path, when the tunnel is up')
      .option('--hook-down <PROGRAM>', 'run this when it is down again');
    if (command.name() === 'client') {
      command
        .option('--hook-address-changed <PROGRAM>', 'run this when the address changes while the tunnel is up')
        .option('--client-hook <PROGRAM>', "run this as Miredo's client-hook is run");
    }
    command
      .option('--control-socket <PATH>', 'control socket (default: /run/teredo/INTERFACE.sock)')
      .option('--control-group <GROUP>', 'group that may use it beside the owner (default: teredo, if there is one)')
      .option('--no-control', 'open no control socket: "teredo status" and the like cannot reach this process')
      .option(
        '--metrics <ADDRESS:PORT>',
        'serve /metrics, /healthz and /readyz there (default: on the control socket only)',
      )
      .addOption(
        new Option(
          '--web [ADDRESS:PORT]',
          'serve the dashboard there (default: a free port of 127.0.0.1); its address is printed',
        ).preset('127.0.0.1:0'),
      )
      .option('--web-remote', 'let --web be an address that other hosts reach')
      .option(
        '--user <NAME>',
        'whom root becomes once ports are open (default: teredo, else nobody; "root": nobody else)',
      )
      .option('--log-format <FORMAT>', 'text, json (lines of pino) or events (the same as --json) (default: text)')
      .option('--log-level <LEVEL>', 'error, warn, info, debug or trace; of events none is left out (default: info)')
      .option('--hook-time-limit <SECONDS>', `end a hook that takes longer (default: ${HOOK_TIME_LIMIT_S})`);
  }
}
