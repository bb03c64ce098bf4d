import { existsSync } from 'node:fs';
import { describe, test } from 'vitest';
import { succeeds } from '../../src/lab/kernel/commands.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';

/**
 * What a test may need of the machine it runs on. Nothing is skipped silently: a group whose needs are not met says
 * so in one line, and with TEREDO_REQUIRE_ALL=1 it fails instead.
 */
export type Capability = keyof typeof questions;

const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

const questions = {
  Linux: () => process.platform === 'linux',
  root: () => process.getuid?.() === 0,
  'network namespaces': () => {
    const name = `teredo-probe-${process.pid}`;
    return succeeds(['ip', 'netns', 'add', name]) && succeeds(['ip', 'netns', 'delete', name]);
  },
  'namespaces without root': () => succeeds([...AS_NOBODY, 'unshare', '-Urnm', 'true']),
  nftables: () => inNamespace(['nft', 'add', 'table', 'ip', 'probe']),
  'a TUN device': () => inNamespace(['ip', 'tuntap', 'add', 'mode', 'tun', 'name', 'probe']),
  ping: () => succeeds(['ping', '-V']),
  tcpdump: () => succeeds(['tcpdump', '--version']),
  ethtool: () => succeeds(['ethtool', '--version']),
  tshark: () => succeeds(['tshark', '--version']),
  miredo: () => succeeds(['miredo', '-V']) && existsSync('/etc/miredo/client-hook'),
  'miredo-server': () => succeeds(['miredo-server', '-V']),
  chromium: () => existsSync('/usr/bin/chromium'),
  'systemd-analyze': () => succeeds(['systemd-analyze', '--version']),
  bird: () => succeeds(['bird', '--version']),
  radvd: () => existsSync('/usr/sbin/radvd'),
  miniupnpd: () => existsSync('/usr/sbin/miniupnpd'),
  'code that everybody may read': () => succeeds([...AS_NOBODY, process.execPath, PROGRAM, '--version']),
} as const;

const answers = new Map<Capability, boolean>();

/** Asked once for each process, since an answer costs a few milliseconds. */
export function has(capability: Capability): boolean {
  let answer = answers.get(capability);
  if (answer === undefined) {
    answer = questions[capability]();
    answers.set(capability, answer);
  }
  return answer;
}

/** What the laboratory of namespaces.ts and internet.ts needs. */
export const laboratory: readonly Capability[] = ['root', 'network namespaces', 'nftables', 'a TUN device', 'ping'];

/** Vitest's `describe` for tests that need something of the machine. */
export function describeWith(needs: readonly Capability[], name: string, body: () => void): void {
  const missing = needs.find((need) => !has(need));
  if (missing === undefined) {
    describe(name, body);
  } else if (process.env.TEREDO_REQUIRE_ALL === '1') {
    describe(name, () => {
      test(`has ${missing}`, () => {
        throw new Error(`this machine lacks ${missing}, and TEREDO_REQUIRE_ALL=1 forbids to skip`);
      });
    });
  } else {
    process.stderr.write(`skipped: ${name}: this machine lacks ${missing}\n`);
    describe.skip(`${name} (this machine lacks ${missing})`, body);
  }
}

/** Tries a command in a namespace of its own, so that the machine's network stays as it is. */
function inNamespace(argv: readonly string[]): boolean {
  const name = `teredo-probe-${process.pid}`;
  if (!succeeds(['ip', 'netns', 'add', name])) return false;
  const answer = succeeds(['ip', 'netns', 'exec', name, ...argv]);
  return succeeds(['ip', 'netns', 'delete', name]) && answer;
}
