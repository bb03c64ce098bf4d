import type { Command } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../daemon/configuration/names.ts';
import type { Changes, Wanted } from '../daemon/control/changes.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { numberFlag, portFlag, serverArgument, usageError } from './flags.ts';

const TYPES = ['client', 'enterpriseclient', 'natawareclient', 'server', 'relay', 'default', 'disabled'] as const;
/** The order in which netsh takes what is not named. */
const POSITIONS = ['type', 'servername', 'refreshinterval', 'clientport'] as const;

interface SetOptions {
  readonly socket?: string;
  readonly json?: boolean;
}

interface Done {
  readonly changes: Changes;
  readonly applied: 'live' | 'restart';
}

export function register(program: Command): void {
  program
    .command('set')
    .description(
      'change a running process, until it ends: server NAME, refresh-interval SECONDS, port PORT, type TYPE, log-level LEVEL',
    )
    .argument('<WHAT...>', 'or, as netsh has it: state type=... servername=... refreshinterval=... clientport=...')
    .option(...SOCKET_FLAG)
    .option('--json', 'print what holds now as a JSON object')
    .addHelpText('after', `\nTypes: ${TYPES.join(', ')}. "default" takes back what was set before.`)
    .action(async (words: readonly string[], options: SetOptions) => {
      const wanted = parse(words);
      const done = await (await ControlClient.to(options.socket)).post<Done>('/v1/set', wanted);
      const text = done.applied === 'live' ? 'in force at once' : 'in force with a new beginning: see "teredo status"';
      process.stdout.write(options.json === true ? `${JSON.stringify(done)}\n` : `set: ${text}\n`);
    });
}

/** What a command line wants. Errors: TD-USAGE. */
export function parse(words: readonly string[]): Wanted {
  const [what = '', ...values] = words;
  if (what === 'state') return state(values);
  const [value, ...more] = values;
  if (value === undefined || more.length > 0)
    throw usageError('set', what, 'wants one value', 'see "teredo set --help"');
  switch (what) {
    case 'server':
      return { server: serverOf(value) };
    case 'refresh-interval':
      return { refreshIntervalMs: intervalOf(value) };
    case 'port':
      return { port: portOf(value) };
    case 'type':
      return { type: typeOf(value) };
    case 'log-level':
      return { logLevel: levelOf(value) };
    default:
      throw usageError(
        'set',
        what,
        'there is nothing of this name',
        'say server, refresh-interval, port, type, log-level or state',
      );
  }
}

/** `netsh interface teredo set state [[type=]...] [[servername=]...] [[refreshinterval=]...] [[clientport=]...]`. */
function state(words: readonly string[]): Wanted {
  let wanted: Wanted = {};
  for (const [index, word] of words.entries()) {
    const at = word.indexOf('=');
    const name = at < 0 ? (POSITIONS[index] ?? '') : word.slice(0, at).toLowerCase();
    wanted = { ...wanted, ...stateOf(name, word.slice(at + 1)) };
  }
  if (words.length > 0) return wanted;
  throw usageError('set state', '', 'wants a value', 'for instance type=client or servername=192.0.2.1');
}

function stateOf(name: string, value: string): Wanted {
  switch (name) {
    case 'type':
      return { type: typeOf(value) };
    case 'servername':
    case 'server':
      return { server: serverOf(value) };
    case 'refreshinterval':
      return { refreshIntervalMs: intervalOf(value) };
    case 'clientport':
      return { port: portOf(value) };
    default:
      throw usageError('set state', `${name}=${value}`, 'there is nothing of this name', `say ${POSITIONS.join(', ')}`);
  }
}

function serverOf(value: string): string {
  return value === 'default' ? value : serverArgument(value);
}

function intervalOf(value: string): number | 'default' {
  if (value === 'default') return value;
  return 1000 * numberFlag('refresh-interval', 5, 600, 'a number of seconds')(value);
}

function portOf(value: string): number | 'default' {
  // Netsh prints what is not chosen as "unspecified".
  return value === 'default' || value === 'unspecified' ? 'default' : portFlag('port')(value);
}

function levelOf(value: string): LogLevel | 'default' {
  if (value === 'default') return value;
  const found = LOG_LEVELS.find((known) => known === value);
  if (found !== undefined) return found;
  throw usageError('log-level', value, 'there is no such level', `say one of ${LOG_LEVELS.join(', ')}, default`);
}

function typeOf(value: string): Wanted['type'] {
  const found = TYPES.find((known) => known === value.toLowerCase());
  if (found !== undefined) return found;
  throw usageError('type', value, 'there is no such type', `say one of ${TYPES.join(', ')}`);
}
