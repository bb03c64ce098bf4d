import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { TeredoError } from '../../errors.ts';
import { ConfigurationError, type Problem } from '../configuration/problems.ts';
import type { Settings } from '../configuration/settings.ts';
import { wordsFor } from '../configuration/system-words.ts';
import { type HostReport, hostReport } from './host-report.ts';
import { isAlive } from './socket-file.ts';
import { foreignSockets, ownSockets } from './socket-path.ts';

/** Entries of the journal that are of use: what came before an end, and the end. */
const JOURNAL_LINES = 100;
const JOURNAL_TIMEOUT_MS = 5_000;
/** Of these nobody else may see the value; where a secret lies may be seen. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['client.identifier']);

/** What can be known where no process answers. Secrets are left out; addresses are in it. */
export interface AbsenceReport extends HostReport {
  /** No process, no status. */
  readonly status: null;
  /** Why nobody answers. */
  readonly obstacle: { readonly code: string; readonly message: string; readonly next: string };
  readonly program: { readonly version: string; readonly node: string; readonly user: number | null };
  /** Whether who asks could open a TUN interface: "usable", or why not. */
  readonly tun: string;
  readonly sockets: readonly { readonly path: string; readonly isAlive: boolean }[];
  readonly configuration: ConfigurationReport;
  /** The last lines of the units of teredo, or why there are none. */
  readonly journal: readonly string[] | string;
}

export interface ConfigurationReport {
  /** Null: no file was read, or it cannot be. */
  readonly file: string | null;
  /** What somebody has said: key and value, and where it was said. */
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly where: string }[];
  readonly problems: readonly Problem[];
}

/** `read` gives the settings that a process would have. */
export async function absenceReport(
  obstacle: TeredoError,
  version: string,
  read: () => Settings,
): Promise<AbsenceReport> {
  const [host, journal, sockets] = await Promise.all([hostReport(), lastOfJournal(), socketsHere()]);
  const { code, message, next } = obstacle;
  return {
    ...host,
    status: null,
    obstacle: { code, message, next },
    program: { version, node: process.version, user: process.getuid?.() ?? null },
    tun: tunState(),
    sockets,
    configuration: configurationReport(read),
    journal,
  };
}

/** What is configured, and what is wrong with it. */
export function configurationReport(read: () => Settings): ConfigurationReport {
  try {
    const { file, all } = read();
    const said = all.filter(({ source }) => source !== 'default');
    const values = said.map(({ key, value, name, where }) => ({
      key: key.path,
      value: SECRET_KEYS.has(key.path) ? '(left out)' : value,
      where: where === '' ? name : where,
    }));
    return { file: file ?? null, values, problems: [] };
  } catch (error) {
    const whole = { where: '', name: '', value: '', reason: (error as Error).message, fix: '' };
    return { file: null, values: [], problems: error instanceof ConfigurationError ? error.problems : [whole] };
  }
}

async function socketsHere(): Promise<AbsenceReport['sockets']> {
  return Promise.all(
    [...ownSockets(), ...foreignSockets()].map(async (path) => ({ path, isAlive: await isAlive(path) })),
  );
}

function tunState(): string {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return 'usable';
  } catch (error) {
    return wordsFor(error);
  }
}

function lastOfJournal(): Promise<readonly string[] | string> {
  const flags = ['--no-pager', '--quiet', '--output=short-iso', `--lines=${JOURNAL_LINES}`, '--unit=teredo*'];
  return new Promise((resolve) => {
    execFile('journalctl', flags, { timeout: JOURNAL_TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.split('\n').filter((line) => line !== ''));
      resolve(
        error.code === ('ENOENT' as unknown)
          ? 'this host has no journal'
          : `journalctl: ${stderr.trim() || error.message}`,
      );
    });
  });
}
