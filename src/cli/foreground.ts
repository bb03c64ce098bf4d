import type { DaemonConfiguration } from '../daemon/configuration/configuration.ts';
import type { ProcessControl } from '../daemon/control/process-control.ts';
import type { ProcessOptions } from '../daemon/daemon.ts';
import type { Report, Reporter } from '../daemon/reports.ts';
import type { Intention } from '../daemon/status/status-board.ts';
import { openControl } from './open-control.ts';
import { story } from './output.ts';
import { type ProcessFlags, processOptions } from './process-flags.ts';
import { keepRunning } from './standard-output.ts';
import { Exit, reportError } from './terminal.ts';

export interface ForegroundOptions extends ProcessFlags {
  readonly json?: boolean;
}

/** What a command gets from the process it runs in. */
export interface Foreground {
  /** Aborts when a signal tells us to end. */
  readonly stopped: AbortSignal;
  readonly report: Reporter;
}

/** A command's roles. */
export interface Plan {
  readonly configuration: DaemonConfiguration;
}

/**
 * Runs roles until SIGINT, SIGTERM or SIGHUP, and prints what happens. Gives the exit status.
 *
 * `intention` is what others may know of it until roles run. `plan` may take its time.
 */
export async function runInForeground(
  options: ForegroundOptions,
  intention: Intention,
  plan: (around: Foreground) => Plan | Promise<Plan>,
): Promise<number> {
  const json = options.json ?? false;
  const stop = new AbortController();
  // Until the process has ended: a second signal must not cut short what is being tidied up, nor the exit status.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  keepRunning();
  process.on('uncaughtException', (error) => process.exit(reportError(error, json)));
  // What the system interface needs is loaded beside the planning, which may wait for other programs; a wrong flag has
  // been told by now. If it cannot be loaded, whoever runs the plan hears of it.
  import('../daemon/daemon.ts').catch(() => {});
  const report = (what: Report) => story(what, json);
  try {
    const { ServiceManager } = await import('../daemon/service-manager.ts');
    const manager = new ServiceManager(process.env);
    const control = await openControl(options, intention, report);
    manager.watch(() => control.ping());
    stop.signal.addEventListener('abort', () => manager.stopping());
    const around: Foreground = {
      stopped: stop.signal,
      report: (what) => {
        control.hear(what);
        manager.hear(what);
        report(what);
      },
    };
    await runPlan(await plan(around), control, around, processOptions(options));
    return Exit.Fine;
  } catch (error) {
    const interrupted = stop.signal.aborted && (error as Error).name === 'AbortError';
    return interrupted ? Exit.Fine : reportError(error, json);
  }
}

/** Runs one configuration until a signal comes. */
async function runPlan(
  { configuration }: Plan,
  control: ProcessControl,
  { stopped, report }: Foreground,
  options: ProcessOptions,
): Promise<void> {
  const { Daemon } = await import('../daemon/daemon.ts');
  stopped.throwIfAborted();
  const daemon = new Daemon(configuration, report, options);
  control.attach(configuration, daemon);
  // How it ends, `ended` tells.
  const stop = () => void daemon.stop().catch(() => {});
  stopped.addEventListener('abort', stop);
  try {
    await daemon.ended;
  } finally {
    control.detach(daemon);
    stopped.removeEventListener('abort', stop);
  }
}
