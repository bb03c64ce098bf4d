import type { Command, Help, Option } from 'commander';
import { EXTENSION_NAMES, LOG_LEVELS } from '../daemon/configuration/names.ts';

/** The commands as they are declared, plain: what completions and manual pages are made from. */
export interface CommandNode {
  /** "config check"; empty: the program itself. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  /** "[options] <FILE>". */
  readonly usage: string;
  readonly arguments: readonly ArgumentNode[];
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
}

export interface ArgumentNode {
  readonly name: string;
  readonly description: string;
  readonly takes: Takes;
}

export interface OptionNode {
  /** "--port <PORT>". */
  readonly flags: string;
  /** "--port", and "-p" where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined: a switch. */
  readonly takes: Takes | undefined;
}

/** What may stand there: the name of a file, one of these words, or anything. */
export type Takes = 'file' | 'anything' | readonly string[];

/** Values that flags take, as their descriptions name them. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  '--log-level': LOG_LEVELS,
  '--log-format': ['text', 'json', 'events'],
  '--type': ['client', 'enterpriseclient', 'natawareclient'],
  '--without': [...EXTENSION_NAMES, 'all'],
  '--format': ['netsh'],
  SHELL: ['bash', 'zsh', 'fish'],
  WHAT: ['server', 'refresh-interval', 'port', 'type', 'log-level', 'state'],
};
const FILES = /^(FILE|PATH|PROGRAM|DIRECTORY|FOLDER)$/i;

/** The tree below `command`, without what is hidden. */
export function commandTree(command: Command, path = ''): CommandNode {
  const help = command.createHelp();
  return {
    path,
    name: command.name(),
    description: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map((argument) => ({
      name: help.argumentTerm(argument),
      description: argument.description,
      takes: takes(argument.name(), argument.name()),
    })),
    options: help.visibleOptions(command).map((option) => optionNode(option, help)),
    commands: help.visibleCommands(command).map((sub) => commandTree(sub, `${path} ${sub.name()}`.trim())),
  };
}

/** A node and all below it. */
export function* everyCommand(node: CommandNode): Generator<CommandNode> {
  yield node;
  for (const sub of node.commands) yield* everyCommand(sub);
}

function optionNode(option: Option, help: Help): OptionNode {
  const value = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
  const names = [option.long, option.short].filter((name) => name !== undefined);
  return {
    flags: help.optionTerm(option),
    names,
    description: help.optionDescription(option),
    takes: value === undefined ? undefined : takes(names[0]!, value),
  };
}

function takes(name: string, value: string): Takes {
  return WORDS[name] ?? (FILES.test(value.replace(/\.+$/, '')) ? 'file' : 'anything');
}
