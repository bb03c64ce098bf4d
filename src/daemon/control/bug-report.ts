import { readdirSync } from 'node:fs';
import type { Status } from '../status/status.ts';
import type { EventJson } from './event-feed.ts';
import { type HostReport, hostReport } from './host-report.ts';

/** Flags whose value nobody else may see. */
const SECRET_FLAGS = ['--secret'];

/** All that somebody who looks for a mistake wants to know. Secrets are left out; addresses are in it. */
export interface BugReport extends HostReport {
  readonly commandLine: readonly string[];
  readonly memory: Readonly<Record<string, number>>;
  readonly descriptors: number;
  readonly status: Status;
  readonly events: readonly EventJson[];
}

export async function bugReport(status: Status, events: readonly EventJson[]): Promise<BugReport> {
  return {
    ...(await hostReport()),
    commandLine: withoutSecrets(process.argv.slice(2)),
    memory: { ...process.memoryUsage() },
    descriptors: readdirSync('/proc/self/fd').length,
    // Its address has a token in it.
    status: { ...status, web: status.web === null ? null : '(left out)' },
    events,
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
