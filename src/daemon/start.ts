import { asTeredoError, TeredoError } from '../errors.ts';
import type { DaemonConfiguration } from './configuration/configuration.ts';
import type { RoleCounters } from './counters.ts';
import type { ProcessOptions } from './daemon.ts';
import type { Questions } from './questions.ts';
import type { Reporter } from './reports.ts';

/** The roles of a process while they run. */
export interface RunningRoles {
  /** Settles when they have ended: resolves after `stop`, otherwise rejects with a TeredoError. */
  readonly ended: Promise<void>;
  readonly counters: readonly RoleCounters[];
  readonly questions: Questions;
  /** Begins nothing new. Errors: TeredoError. */
  drain(): Promise<void>;
  /** Ends everything in order; resolves when nothing is left. */
  stop(): Promise<void>;
  /** The same roles with other values, of which those take effect that can while they run. */
  reconfigure(configuration: DaemonConfiguration, options: ProcessOptions): void;
}

/**
 * Starts roles by the best means that this machine has.
 *
 * Errors: TD-NATIVE when they need system calls and the library for these cannot be loaded; what a wrong
 *         configuration or a failing system gives comes by `ended`.
 */
export async function startRoles(
  configuration: DaemonConfiguration,
  report: Reporter,
  options: ProcessOptions,
): Promise<RunningRoles> {
  const trouble = await nativeTrouble();
  if (trouble === undefined) {
    const { Daemon } = await import('./daemon.ts');
    return new Daemon(configuration, report, options);
  }
  const [server, ...others] = configuration;
  if (server?.role !== 'server' || server.interfaceName !== undefined || others.length > 0) throw trouble;
  const { PortableServer } = await import('./portable-server.ts');
  return new PortableServer(server, report);
}

/** Why system calls are not to be had here; undefined: they are. */
async function nativeTrouble(): Promise<TeredoError | undefined> {
  try {
    await import('../io/linux/libc.ts');
    return undefined;
  } catch (error) {
    if (error instanceof TeredoError) return error;
    const [reason] = asTeredoError(error).message.split('\n');
    return new TeredoError(
      'TD-NATIVE',
      `the library for system calls (koffi) cannot be loaded: ${reason}`,
      'install teredo with its optional packages, on a platform that koffi is built for; a server without interface ' +
        'and relay, decode, encode, diagnose and lab run without it',
      { cause: error },
    );
  }
}
