import type { Command } from 'commander';
import { DEFAULT_FILE } from '../daemon/configuration/names.ts';

interface JsonOption {
  readonly json?: boolean;
}

const FILE = `a configuration file (default: ${DEFAULT_FILE})`;

export function register(program: Command): void {
  const config = program.command('config').description('look at, check and convert configurations (teredo.toml)');
  config
    .command('check')
    .description('tell everything that is wrong with a configuration')
    .argument('[FILE]', FILE)
    .option('--json', 'print one JSON object')
    .action(async (file: string | undefined, options: JsonOption) => {
      const { check } = await import('./config-check.ts');
      process.exitCode = check(file, options.json ?? false);
    });
  config
    .command('show')
    .description('every value and where it comes from, as a file that says the same')
    .argument('[FILE]', FILE)
    .option('--json', 'print one JSON object')
    .action(async (file: string | undefined, options: JsonOption) => {
      const { show } = await import('./config-show.ts');
      show(file, options.json ?? false);
    });
}
