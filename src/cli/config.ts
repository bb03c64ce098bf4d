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
    .description('tell everything that is wrong with a configuration, and whether it can run on this host')
    .argument('[FILE]', FILE)
    .option('--json', 'print one JSON object')
    .action(async (file: string | undefined, options: JsonOption) => {
      const { check } = await import('./config-check.ts');
      process.exitCode = await check(file, options.json ?? false);
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
  config
    .command('import')
    .description('a configuration of Miredo as a teredo.toml, on standard output')
    .argument('<FILE>', 'miredo.conf or miredo-server.conf; a client-hook beside it is taken over')
    .action(async (file: string) => {
      const { importFile } = await import('./config-import.ts');
      importFile(file);
    });
  config
    .command('export')
    .description('the command lines that say the same to Windows')
    .argument('[FILE]', FILE)
    .requiredOption('--netsh', 'for netsh and PowerShell')
    .action(async (file: string | undefined) => {
      const { exportNetsh } = await import('./config-export.ts');
      exportNetsh(file);
    });
  config
    .command('schema')
    .description('the JSON Schema of teredo.toml, for editors')
    .action(async () => {
      const { jsonSchema } = await import('../daemon/configuration/json-schema.ts');
      process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    });
}
