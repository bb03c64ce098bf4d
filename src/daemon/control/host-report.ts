import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { ask } from '../../io/linux/ip.ts';

/** What of this host matters to a tunnel, whether one runs or not. */
export interface HostReport {
  readonly schemaVersion: 1;
  readonly time: string;
  readonly kernel: string;
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

export async function hostReport(): Promise<HostReport> {
  const answers = await Promise.all(
    IP.map(async (what) => [what, await ask(...ipArguments(what)).catch((error: Error) => error.message)] as const),
  );
  return {
    schemaVersion: 1,
    time: new Date().toISOString(),
    kernel: `Linux ${release()} ${arch()}`,
    ip: Object.fromEntries(answers),
    settings: Object.fromEntries(SETTINGS.map((name) => [name.replaceAll('/', '.'), setting(name)])),
  };
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
