import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runToEnd } from '../../src/lab/kernel/commands.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';

let folder = '';
let script = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-'));
  script = join(folder, 'completion.bash');
  const { stdout, status } = await completion('bash');
  expect(status).toBe(0);
  writeFileSync(script, stdout);
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files/home office.toml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function completion(shell: string) {
  return runToEnd([process.execPath, PROGRAM, 'completion', shell]);
}

/** What bash offers for the last of these words, by the function that it registered for "teredo". */
async function offered(...words: readonly string[]): Promise<string[]> {
  const bash = `
    source "$1"; cd "$2"; shift 2
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    [[ $(complete -p teredo) =~ -F\\ ([^ ]+) ]] && "\${BASH_REMATCH[1]}"
    for word in "\${COMPREPLY[@]}"; do echo "$word"; done`;
  const argv = ['bash', '-c', bash, 'bash', script, join(folder, 'files'), 'teredo', ...words];
  const { stdout, stderr } = await runToEnd(argv);
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash: commands, those below them, and options', async () => {
  expect(await offered('cl')).toEqual(['client']);
  expect(await offered('config', '')).toEqual(expect.arrayContaining(['check', 'show', 'import', 'export', 'schema']));
  expect(await offered('client', '192.0.2.1', '--refr')).toEqual(['--refresh-interval']);
  expect(await offered('client', '--no-p')).toEqual(['--no-port-mapping']);
  // The second "client" is no command any more, "server" is none below it.
  expect(await offered('client', 'server', '--server')).toEqual(['--server2']);
  expect(await offered('relay', '--refr')).toEqual([]);
});

test('bash: values of options, and files with blanks in their names', async () => {
  expect(await offered('client', '--log-level', '')).toEqual(['error', 'warn', 'info', 'debug', 'trace']);
  expect(await offered('client', '--type', 'e')).toEqual(['enterpriseclient']);
  expect(await offered('client', '--port', '')).toEqual([]);
  expect(await offered('client', '--config', 'ho')).toEqual(['home office.toml']);
  expect(await offered('config', 'check', 'ho')).toEqual(['home office.toml']);
  expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
});

test('zsh and fish get theirs, and another shell is told of', async () => {
  for (const [shell, words] of [
    ['zsh', "'--refresh-interval:how often"],
    ['fish', '-l refresh-interval -x'],
  ] as const) {
    expect((await completion(shell)).stdout).toContain(words);
  }
  const other = await completion('tcsh');
  expect(other.stderr).toContain('SHELL tcsh: no such shell here');
  expect(other.status).toBe(2);
});

test('what is completed has every command', async () => {
  const { stdout } = await runToEnd([process.execPath, PROGRAM, '--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]+)/gm)].map((match) => match[1]);
  expect(commands.length).toBeGreaterThan(15);
  expect(await offered('')).toEqual(expect.arrayContaining(commands));
});
