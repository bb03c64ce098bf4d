import type { Command } from 'commander';
import { usageError } from './flags.ts';

export function register(program: Command): void {
  program
    .command('completion')
    .description('a completion of this program for a shell, on standard output')
    .argument('<SHELL>', 'bash, zsh or fish')
    .addHelpText('after', '\nFor this bash:\n  source <(teredo completion bash)')
    .action(async (shell: string) => {
      process.stdout.write(await completionFor(shell, program));
    });
}

async function completionFor(shell: string, program: Command): Promise<string> {
  const { commandTree } = await import('./command-tree.ts');
  const tree = commandTree(program);
  switch (shell) {
    case 'bash':
      return (await import('./completion/bash.ts')).bashCompletion(tree);
    case 'zsh':
      return (await import('./completion/zsh.ts')).zshCompletion(tree);
    case 'fish':
      return (await import('./completion/fish.ts')).fishCompletion(tree);
    default:
      throw usageError('SHELL', shell, 'no such shell here', 'choose bash, zsh or fish');
  }
}
