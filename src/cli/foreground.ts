import type { DaemonConfiguration } from '../daemon/configuration.ts';
import type { Report, Reporter } from '../daemon/reports.ts';
import { story } from './output.ts';
import { Exit, reportError, toleratePipes } from './terminal.ts';

export interface ForegroundOptions {
  readonly json?: boolean;
}

/**
 * Runs roles until SIGINT, SIGTERM or SIGHUP, and prints what happens. Gives the exit status.
 *
 * `configure` may take its time (a name service may be away); `stopped` aborts when a signal comes.
 */
export async function runInForeground(
  options: ForegroundOptions,
  configure: (stopped: AbortSignal, report: Reporter) => DaemonConfiguration | Promise<DaemonConfiguration>,
): Promise<number> {
  const json = options.json ?? false;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  toleratePipes();
  process.on('uncaughtException', (error) => process.exit(reportError(error, json)));
  const report = (what: Report) => story(what, json);
  try {
    const configuration = await configure(stop.signal, report);
    // What the system interface needs is loaded only now: a wrong flag is told at once.
    const { Daemon } = await import('../daemon/daemon.ts');
    stop.signal.throwIfAborted();
    const daemon = new Daemon(configuration, report);
    stop.signal.addEventListener('abort', () => void daemon.stop().catch(() => {}));
    await daemon.ended;
    return Exit.Fine;
  } catch (error) {
    const interrupted = stop.signal.aborted && (error as Error).name === 'AbortError';
    return interrupted ? Exit.Fine : reportError(error, json);
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal);
  }
}
