import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import * as client from './client.ts';
import * as decode from './decode.ts';
import * as encode from './encode.ts';
import * as lab from './lab.ts';
import * as relay from './relay.ts';
import * as server from './server.ts';
import { Exit, paint, reportError } from './terminal.ts';

/** Each file of a command adds it to the program; what a command needs to run it loads when it runs. */
const commands = [client, server, relay, decode, encode, lab];

/** Runs one command line and gives the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('teredo');
  program
    .description('IPv6 through NATs: client, server and relays of the Teredo tunnel (RFC 4380, 5991, 6081)')
    .version(version())
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`${paint('red', 'teredo:', process.stderr)} ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('(see "teredo COMMAND --help")');
  for (const command of commands) command.register(program);
  process.exitCode = Exit.Fine;
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return isHelp(error) ? Exit.Fine : Exit.Usage;
    return reportError(error, argv.includes('--json'));
  }
}

/** Commander ends by exceptions; for help and version that were asked for, that is no failure. */
function isHelp(error: CommanderError): boolean {
  return error.exitCode === 0;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
