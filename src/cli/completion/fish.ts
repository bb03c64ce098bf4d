import { type CommandNode, everyCommand, type Takes } from '../command-tree.ts';

/** A completion for fish: a file "teredo.fish" in ~/.config/fish/completions. */
export function fishCompletion(program: CommandNode): string {
  const nodes = [...everyCommand(program)];
  const { name } = program;
  return `# Completion of ${name} for fish, by "${name} completion fish".
function __${name}_at
    set -l at
    for word in (commandline -opc)[2..-1]
        switch (string trim -- "$at $word")
            case ${nodes.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' ')}
                set at (string trim -- "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end
complete -c ${name} -f
${nodes.flatMap((node) => lines(name, node)).join('\n')}
`;
}

function lines(program: string, { path, commands, options, arguments: [first] }: CommandNode): string[] {
  const start = `complete -c ${program} -n ${quoted(`__${program}_at ${quoted(path)}`)}`;
  const found = commands.map(({ name, description }) => `${start} -a ${name} -d ${quoted(description)}`);
  for (const { names, description, takes } of options) {
    const switches = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
    found.push(`${start} ${switches.join(' ')}${value(takes)} -d ${quoted(description)}`);
  }
  if (first?.takes === 'file') found.push(`${start} -F`);
  else if (first !== undefined && first.takes !== 'anything')
    found.push(`${start} -a ${quoted(first.takes.join(' '))}`);
  return found;
}

function value(takes: Takes | undefined): string {
  if (takes === undefined) return '';
  if (takes === 'file') return ' -r -F';
  return takes === 'anything' ? ' -x' : ` -x -a ${quoted(takes.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
