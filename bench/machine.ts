/** What a table of speeds must say about where it was measured. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { run, runToEnd } from '../src/lab/kernel/commands.ts';

const ROOT = new URL('..', import.meta.url).pathname;

export function machine(): Record<string, string> {
  const all = cpus();
  return {
    system: `${type()} ${release()}`,
    processors: `${all.length} x ${all[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
}

export async function versions(): Promise<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
  const { stdout: commit, status } = await runToEnd(['git', '-C', ROOT, 'rev-parse', '--short=10', 'HEAD']);
  const { stdout: miredo, stderr } = await runToEnd(['miredo', '-V']);
  return {
    teredo: status === 0 ? `${version} (${commit.trim()})` : version,
    node: process.version,
    Miredo: /\d+\.\d+\.\d+/.exec(miredo + stderr)?.[0] ?? 'unknown',
    iperf3: /\d+\.\d+/.exec(await run(['iperf3', '--version']))?.[0] ?? 'unknown',
  };
}
