import { type CommandNode, everyCommand, type Takes } from '../command-tree.ts';

/** A completion for zsh: a file "_teredo" in a folder of $fpath. */
export function zshCompletion(program: CommandNode): string {
  const nodes = [...everyCommand(program)];
  const { name } = program;
  return `#compdef ${name}
# Completion of ${name} for zsh, by "${name} completion zsh".
_${name}() {
  local at= i prev=\${words[CURRENT - 1]}
  local -a commands flags
  for ((i = 2; i < CURRENT; i++)); do
    case "\${at:+$at }\${words[i]}" in
${nodes
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      '${path}') at='${path}' ;;`)
  .join('\n')}
    esac
  done
  case "$at $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${nodes.map(wordCase).join('\n')}
  esac
}
if [[ \${funcstack[1]} == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function valueCases({ path, options }: CommandNode): string[] {
  return options.flatMap(({ names, takes }) => {
    if (takes === undefined) return [];
    const patterns = names.map((name) => `'${path} ${name}'`).join('|');
    return [`    ${patterns}) ${value(takes)}; return ;;`];
  });
}

function wordCase({ path, commands, options, arguments: [first] }: CommandNode): string {
  const lines = [
    ...array(
      'commands',
      commands.map(({ name, description }) => entry(name, description)),
    ),
    ...array(
      'flags',
      options.flatMap(({ names, description }) => names.map((name) => entry(name, description))),
    ),
  ];
  if (first !== undefined && first.takes !== 'anything') lines.push(value(first.takes));
  if (commands.length > 0) lines.push("_describe 'command' commands");
  lines.push("_describe -o 'option' flags", ';;');
  return [`    '${path}')`, ...lines.map((line) => `      ${line}`)].join('\n');
}

function array(name: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`${name}=(`, ...entries.map((line) => `  ${line}`), ')'];
}

function value(takes: Takes): string {
  if (takes === 'file') return '_files';
  return takes === 'anything' ? "_message 'value'" : `compadd -- ${takes.join(' ')}`;
}

function entry(name: string, description: string): string {
  return `'${name}:${description.replaceAll("'", "'\\''")}'`;
}
