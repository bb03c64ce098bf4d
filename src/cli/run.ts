import type { Command } from 'commander';
import { DEFAULT_FILE } from '../daemon/configuration/names.ts';
import { COMMON_OPTIONS, flagsOf } from './role-command.ts';

/** What a service manager starts: the file says which role, and everything else. */
export function register(program: Command): void {
  const command = program
    .command('run')
    .description('run what a configuration file says; SIGHUP reads it again')
    .option('--config <FILE>', 'the file', DEFAULT_FILE)
    .option('--json', 'print one JSON object for each change');
  command.action(async ({ config }: { config: string }) => {
    const { runRole } = await import('./run-role.ts');
    process.exitCode = await runRole({ config, flags: flagsOf(command, COMMON_OPTIONS) });
  });
}
