import { Command, CommanderError } from 'commander';
import { TeredoError } from '../errors.ts';
import * as address from './address.ts';
import * as bugreport from './bugreport.ts';
import * as capture from './capture.ts';
import * as client from './client.ts';
import * as completion from './completion.ts';
import * as config from './config.ts';
import * as decode from './decode.ts';
import * as diagnose from './diagnose.ts';
import * as drain from './drain.ts';
import * as encode from './encode.ts';
import * as events from './events.ts';
import * as lab from './lab.ts';
import * as peers from './peers.ts';
import * as ping from './ping.ts';
import * as probeServers from './probe-servers.ts';
import { addProcessFlags } from './process-flags.ts';
import { setProgram } from './program-name.ts';
import * as relay from './relay.ts';
import * as reset from './reset.ts';
import * as run from './run.ts';
import * as server from './server.ts';
import * as set from './set.ts';
import { watchOutput } from './standard-output.ts';
import * as status from './status.ts';
import { Exit, reportError } from './terminal.ts';
import * as trace from './trace.ts';
import { version } from './version.ts';
import * as web from './web.ts';

/** Each file of a command adds it to the program; what a command needs to run it loads when it runs. */
const commands = [
  client,
  server,
  relay,
  run,
  status,
  peers,
  address,
  set,
  reset,
  drain,
  events,
  web,
  bugreport,
  ping,
  trace,
  capture,
  config,
  diagnose,
  probeServers,
  decode,
  encode,
  lab,
  completion,
];

/** All commands as they are declared. */
export function makeProgram(): Command {
  const program = new Command('teredo');
  program
    .description('IPv6 through NATs: client, server and relays of the Teredo tunnel (RFC 4380, 5991, 6081)')
    .version(version())
    .configureOutput({ outputError: () => {} });
  for (const command of commands) command.register(program);
  addProcessFlags(program);
  return program;
}

/** Runs one command line and gives the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = makeProgram();
  explainUsage(program, 'teredo');
  setProgram(argv[1]);
  watchOutput();
  process.exitCode = Exit.Fine;
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.Fine : Exit.Usage;
    return reportError(error, argv.includes('--json'));
  }
}

/** Commander ends by exceptions: for help and version, which are no failure, and for what it does not understand. */
function explainUsage(command: Command, name: string): void {
  command.exitOverride((error) => {
    // Help that was asked for, or given because there was no command at all, is on the terminal already.
    if (error.exitCode === 0 || error.code === 'commander.help') throw error;
    const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    throw new TeredoError('TD-USAGE', message, `see "${name} --help"`);
  });
  for (const sub of command.commands) explainUsage(sub, `${name} ${sub.name()}`);
}
