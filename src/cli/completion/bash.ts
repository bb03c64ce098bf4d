import { type CommandNode, everyCommand, type Takes } from '../command-tree.ts';

/** A completion for bash, which needs nothing but bash: words of a command, values and files of its options. */
export function bashCompletion(program: CommandNode): string {
  const nodes = [...everyCommand(program)];
  const { name } = program;
  return `# Completion of ${name} for bash, by "${name} completion bash".
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at= words= kind= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${at:+$at }\${COMP_WORDS[i]}" in
${nodes
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      '${path}') at='${path}' ;;`)
  .join('\n')}
    esac
  done
  case "$at $prev" in
${nodes.flatMap(valueCases).join('\n')}
  *)
    case "$at" in
${nodes.map(wordCase).join('\n')}
    esac
    ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $kind == file && $cur != -* ]]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -F _${name} ${name}
`;
}

/** After an option that takes a value only that value may follow. */
function valueCases({ path, options }: CommandNode): string[] {
  return options.flatMap(({ names, takes }) => {
    if (takes === undefined) return [];
    const patterns = names.map((name) => `'${path} ${name}'`).join(' | ');
    return [`  ${patterns}) ${effect(takes, [])} ;;`];
  });
}

function wordCase({ path, commands, options, arguments: [first] }: CommandNode): string {
  const words = [...commands.map(({ name }) => name), ...options.flatMap(({ names }) => names)];
  return `    '${path}') ${effect(first?.takes ?? 'anything', words)} ;;`;
}

function effect(takes: Takes, words: readonly string[]): string {
  const all = [...(typeof takes === 'string' ? [] : takes), ...words];
  return `words='${all.join(' ')}'${takes === 'file' ? ' kind=file' : ''}`;
}
