import { type CommandNode, everyCommand, type OptionNode } from '../command-tree.ts';
import { bold, item, PLAIN, page, text, verbatim } from './roff.ts';

/** What a person needs beside the commands, as the manual has it. */
const EXIT_STATUS = [
  ['0', 'All is well.'],
  ['1', 'It works in part: a client is not qualified, a check found something.'],
  ['2', 'The command line or the configuration cannot be meant.'],
  ['3', 'It cannot run on this host as it is.'],
  ['4', 'No running process answers.'],
] as const;

const FILES = [
  ['/etc/teredo/teredo.toml', 'The configuration, where none is named; see teredo.toml(5).'],
  ['/etc/teredo/NAME.toml', 'The configuration of the service teredo@NAME.'],
  ['/run/teredo/INTERFACE.sock', 'The control socket of a running process: for root and the group teredo.'],
  ['/var/lib/teredo', 'What a client keeps over a restart: its port, and the random bits of its address.'],
] as const;

const EXAMPLES = [
  ['A client, from its first question to its address', ['teredo client 203.0.113.1']],
  ['A server that is a relay too', ['teredo server --address 203.0.113.1 --with-relay']],
  ['How a running one stands, and why another does not', ['teredo status', 'teredo diagnose 203.0.113.1']],
  ['From Miredo', ['teredo config import /etc/miredo/miredo.conf > /etc/teredo/client.toml']],
] as const;

/** teredo(1), of the commands as they are declared; `version` stands at its foot. */
export function commandsPage(program: CommandNode, version: string): string {
  return page([
    `.TH TEREDO 1 "" "teredo ${version}" "User Commands"`,
    ...PLAIN,
    '.SH NAME',
    `teredo \\- ${text(lower(program.description))}`,
    '.SH SYNOPSIS',
    `${bold('teredo')} ${text('COMMAND [options]')}`,
    '.SH DESCRIPTION',
    'A Teredo client gives a host behind a NAT an IPv6 address, and carries its packets in UDP. Servers help clients to',
    'find their addresses and each other, relays connect them with the IPv6 Internet. This program is all of them, and',
    'what looks into them.',
    '.PP',
    'Commands that keep running stay in the foreground until SIGINT or SIGTERM, and leave nothing behind. SIGHUP has',
    'them read their configuration again while peers stay.',
    '.SH COMMANDS',
    ...[...everyCommand(program)].filter(({ path }) => path !== '' && path !== 'help').flatMap(command),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.flatMap(([status, meaning]) => item(bold(status), text(meaning))),
    '.SH FILES',
    ...FILES.flatMap(([path, what]) => item(`\\fI${text(path)}\\fR`, text(what))),
    '.SH ENVIRONMENT',
    `Each key of ${bold('teredo.toml')}(5) has a name in the environment: client.port is ${bold('TEREDO_CLIENT_PORT')}. Flags go`,
    'before the environment, that before the file.',
    ...item(bold('NO_COLOR'), text('When it is set and not empty, nothing is coloured.')),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([what, lines]) => ['.PP', text(`${what}:`), ...verbatim(lines)]),
    '.SH SEE ALSO',
    `${bold('teredo.toml')}(5), RFC 4380, RFC 5991, RFC 6081`,
  ]);
}

function command({ path, usage, description, arguments: args, options, commands }: CommandNode): string[] {
  const own = options.filter(({ names }) => !names.includes('--help'));
  const lines = [
    `.SS ${text(`teredo ${path}`)}`,
    `${bold(`teredo ${path}`)} ${text(usage)}`,
    '.PP',
    text(sentence(description)),
  ];
  // Of a group its commands say the rest.
  if (commands.length > 0) return lines;
  for (const { name, description: what } of args) lines.push(...item(bold(name), text(what)));
  return [...lines, ...own.flatMap(option)];
}

function option({ flags, description }: OptionNode): string[] {
  return item(bold(flags), text(description));
}

function lower(words: string): string {
  return /^[A-Z][a-z]/.test(words) ? words[0]!.toLowerCase() + words.slice(1) : words;
}

function sentence(words: string): string {
  return words === '' ? '' : `${words[0]!.toUpperCase()}${words.slice(1)}.`;
}
