import { readdirSync, readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { ask } from '../../io/linux/ip.ts';
import type { Status } from '../status/status.ts';
import type { EventJson } from './event-feed.ts';

/** Flags whose value nobody else may see. */
const SECRET_FLAGS = ['--secret'];

/** All that somebody who looks for a mistake wants to know. Secrets are left out; addresses are in it. */
export interface BugReport {
  readonly schemaVersion: 1;
  readonly time: string;
  readonly kernel: string;
  readonly commandLine: readonly string[];
  readonly memory: Readonly<Record<string, number>>;
  readonly descriptors: number;
  readonly status: Status;
  readonly events: readonly EventJson[];
  /** Answers of `ip -json`, by its arguments; a text says why there is none. */
  readonly ip: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string>>;
}

const IP: readonly string[] = ['address', '-4 route', '-6 route', '-6 rule'];
const SETTINGS: readonly string[] = [
  'net/ipv6/conf/all/forwarding',
  'net/ipv6/conf/all/disable_ipv6',
  'net/core/rmem_max',
  'net/core/wmem_max',
];

export async function bugReport(status: Status, events: readonly EventJson[]): Promise<BugReport> {
  const answers = await Promise.all(
    IP.map(async (what) => [what, await ask(...ipArguments(what)).catch((error: Error) => error.message)] as const),
  );
  return {
    schemaVersion: 1,
    time: new Date().toISOString(),
    kernel: `Linux ${release()} ${arch()}`,
    commandLine: withoutSecrets(process.argv.slice(2)),
    memory: { ...process.memoryUsage() },
    descriptors: readdirSync('/proc/self/fd').length,
    status,
    events,
    ip: Object.fromEntries(answers),
    settings: Object.fromEntries(SETTINGS.map((name) => [name.replaceAll('/', '.'), setting(name)])),
  };
}

/** A command line as it may be shown: "--secret ...". */
export function withoutSecrets(argv: readonly string[]): string[] {
  return argv.map((word, index) => {
    if (SECRET_FLAGS.includes(argv[index - 1] ?? '')) return '(left out)';
    const flag = SECRET_FLAGS.find((name) => word.startsWith(`${name}=`));
    return flag === undefined ? word : `${flag}=(left out)`;
  });
}

function ipArguments(what: string): string[] {
  const words = what.split(' ');
  return words.length === 1 ? [what, 'show'] : [...words, 'show'];
}

function setting(name: string): string {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
