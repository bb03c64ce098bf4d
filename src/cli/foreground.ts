import { once } from 'node:events';
import { isatty } from 'node:tty';
import type { DaemonConfiguration } from '../daemon/configuration/configuration.ts';
import { processOf } from '../daemon/configuration/process.ts';
import { type Reload, reload } from '../daemon/configuration/reload.ts';
import type { Settings } from '../daemon/configuration/settings.ts';
import { configurationJson } from '../daemon/configuration/told.ts';
import { isLive, isOfProcess, overlay } from '../daemon/control/changes.ts';
import type { Apply, ProcessControl } from '../daemon/control/process-control.ts';
import type { ProcessOptions } from '../daemon/daemon.ts';
import type { Reporter } from '../daemon/reports.ts';
import { warning } from '../daemon/reports.ts';
import type { ServiceManager } from '../daemon/service-manager.ts';
import type { RunningRoles } from '../daemon/start.ts';
import type { Intention } from '../daemon/status/status-board.ts';
import { asTeredoError, TeredoError } from '../errors.ts';
import { Log } from './log/log.ts';
import { openControl } from './open-control.ts';
import { keepRunning } from './standard-output.ts';
import { Exit } from './terminal.ts';

/** What is to run. */
export interface ForegroundOptions {
  readonly settings: Settings;
  /** What others may know of it until roles run. */
  readonly intention: Intention;
  /** May take its time. */
  readonly plan: (settings: Settings, around: Foreground) => Plan | Promise<Plan>;
  /** Reads the configuration again, when SIGHUP asks for it; left out, there is no file. */
  readonly reread?: () => Settings;
  /** The same roles with other settings. */
  readonly reconfigured: (settings: Settings) => DaemonConfiguration;
}

/** What a command gets from the process it runs in. */
export interface Foreground {
  /** Aborts when a signal tells us to end, or when the roles shall be made anew. */
  readonly stopped: AbortSignal;
  readonly report: Reporter;
}

/** A command's roles. */
export interface Plan {
  readonly configuration: DaemonConfiguration;
}

/** Runs roles until SIGINT or SIGTERM, and prints what happens. Gives the exit status. */
export async function runInForeground(options: ForegroundOptions): Promise<number> {
  const { intention } = options;
  const log = await Log.open(options.settings.values.log.format, options.settings.values.log.level);
  const stop = new AbortController();
  let report: Reporter = (what) => log.tell(what);
  let state: Reload = { settings: options.settings, applied: [], waiting: [] };
  let daemon: RunningRoles | undefined;
  let control: ProcessControl | undefined;
  let manager: ServiceManager | undefined;
  const effective = () => overlay(state.settings, control?.changes ?? {}, intention.role);
  const takeOver = (settings: Settings) => {
    log.level = settings.values.log.level;
    const configuration = options.reconfigured(settings);
    daemon?.reconfigure(configuration, processOf(settings));
    control?.board.reconfigure(configuration);
  };
  const apply: Apply = (changes, wanted) => {
    const settings = overlay(state.settings, changes, intention.role);
    // Refused before anything has changed, if it does not fit.
    options.reconfigured(settings);
    if (!isLive(wanted) || (daemon === undefined && !isOfProcess(wanted))) return 'restart';
    takeOver(settings);
    return 'live';
  };
  const readAgain = () => {
    if (options.reread === undefined) return report(warning(nothingToRead()));
    try {
      state = reload(state.settings, options.reread());
    } catch (error) {
      return report(warning(notReloaded(error)));
    }
    log.level = effective().values.log.level;
    report({ type: 'reloaded', applied: state.applied, waiting: state.waiting });
    for (const remark of unheeded(state.settings)) report(warning(remark));
    takeOver(effective());
  };
  const hangUp = () => {
    // The terminal went away, and with it whoever started this; a service has none and is asked to read its file.
    if (options.reread === undefined && [0, 1, 2].some(isatty)) return stop.abort();
    manager?.reloading();
    readAgain();
    manager?.reloaded();
  };
  // Until the process has ended: a second signal must not cut short what is being tidied up, nor the exit status.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());
  process.on('SIGHUP', hangUp);
  keepRunning();
  process.on('uncaughtException', (error) => process.exit(log.fail(error)));
  // What the system interface needs is loaded beside the planning, which may wait for other programs; a wrong flag has
  // been told by now. If it cannot be loaded, whoever runs the plan hears of it.
  import('../daemon/daemon.ts').catch(() => {});
  try {
    const { ServiceManager } = await import('../daemon/service-manager.ts');
    const listener = new ServiceManager(process.env);
    manager = listener;
    const opened = await openControl(options.settings.values, intention, report, {
      end: () => stop.abort(),
      apply,
      configuration: () => configurationJson(effective()),
    });
    control = opened;
    listener.watch(() => opened.ping());
    stop.signal.addEventListener('abort', () => listener.stopping());
    const print = report;
    report = (what) => {
      opened.hear(what);
      listener.hear(what);
      print(what);
    };
    for (const remark of unheeded(options.settings)) report(warning(remark));
    while (!stop.signal.aborted) {
      const stopped = opened.beginRound(stop.signal);
      const live = async () => {
        if (opened.changes.type === 'disabled') return rest(stopped);
        const planned = effective();
        log.level = planned.values.log.level;
        const plan = await options.plan(planned, { stopped, report });
        await runPlan(plan, processOf(planned), opened, { stopped, report }, (started) => {
          daemon = started;
          // Read again while the plan was being made.
          if (JSON.stringify(planned.values) !== JSON.stringify(effective().values)) takeOver(effective());
        });
      };
      await round(stopped, stop.signal, live).catch((error: unknown) => {
        if (stop.signal.aborted || !opened.takeBack(asTeredoError(error))) throw error;
        report(warning(takenBack(asTeredoError(error))));
      });
      daemon = undefined;
    }
    return Exit.Fine;
  } catch (error) {
    const interrupted = stop.signal.aborted && (error as Error).name === 'AbortError';
    return interrupted ? Exit.Fine : log.fail(error);
  } finally {
    log.close();
  }
}

/** One life of the roles. That it ends because something was set is no failure. */
async function round(ended: AbortSignal, stopped: AbortSignal, live: () => Promise<void>): Promise<void> {
  try {
    await live();
  } catch (error) {
    const isSet = ended.aborted && !stopped.aborted && (error as Error).name === 'AbortError';
    if (!isSet) throw error;
  }
}

/** Does nothing, but stays. */
async function rest(ended: AbortSignal): Promise<void> {
  const keepAlive = setInterval(() => {}, 2 ** 30);
  await once(ended, 'abort');
  clearInterval(keepAlive);
}

/** Runs one configuration until a signal comes. */
async function runPlan(
  { configuration }: Plan,
  options: ProcessOptions,
  control: ProcessControl,
  { stopped, report }: Foreground,
  onStart: (daemon: RunningRoles) => void,
): Promise<void> {
  const { startRoles } = await import('../daemon/start.ts');
  stopped.throwIfAborted();
  const daemon = await startRoles(configuration, report, options);
  control.attach(configuration, daemon);
  // How it ends, `ended` tells.
  const stop = () => void daemon.stop().catch(() => {});
  onStart(daemon);
  stopped.addEventListener('abort', stop);
  // It may have come while parts of the program were being loaded.
  if (stopped.aborted) stop();
  try {
    await daemon.ended;
  } finally {
    control.detach(daemon);
    stopped.removeEventListener('abort', stop);
  }
}

function nothingToRead(): TeredoError {
  const next = 'run it with --config FILE, or "teredo run"; SIGTERM ends it';
  return new TeredoError('TD-RELOAD-REFUSED', 'SIGHUP reads a configuration again, and this has none', next);
}

function takenBack({ message, next }: TeredoError): TeredoError {
  return new TeredoError('TD-SET-TAKEN-BACK', `what was set does not work, what was before is back: ${message}`, next);
}

function notReloaded(error: unknown): TeredoError {
  if (!(error instanceof TeredoError)) throw error;
  const message = `the configuration is not read again, what ran goes on: ${error.message}`;
  return new TeredoError('TD-RELOAD-REFUSED', message, error.next);
}

/** Whoever sets a key that nobody heeds, or a name in the environment that is none, hears of it. */
function unheeded({ remarks, unwired }: Settings): TeredoError[] {
  return [
    ...remarks.map(({ name, reason, fix }) => new TeredoError('TD-CONFIG-UNKNOWN', `${name}: ${reason}`, fix)),
    ...unwired.map(({ name, where }) => {
      const message = `${where === '' ? '' : `${where}: `}${name}: this version does not heed it yet`;
      return new TeredoError('TD-CONFIG-NO-EFFECT', message, 'leave it away');
    }),
  ];
}
