import type { Values } from '../daemon/configuration/schema.ts';
import type { Apply, ProcessControl } from '../daemon/control/process-control.ts';
import { type Report, type Reporter, warning } from '../daemon/reports.ts';
import type { Intention } from '../daemon/status/status-board.ts';
import { asTeredoError } from '../errors.ts';
import { tell } from './story.ts';
import { tellJson } from './story-json.ts';
import { version } from './version.ts';

/**
 * Opens the control socket of this process, and its metrics for others, and gives what stands behind it.
 *
 * Errors: TD-ALREADY-RUNNING; what keeps a socket that was asked for from being opened. The usual one is done without,
 *         with a warning.
 */
export async function openControl(
  { control: { enabled, socket, group }, metrics }: Pick<Values, 'control' | 'metrics'>,
  intention: Intention,
  report: Reporter,
  end: () => void,
  apply: Apply,
): Promise<ProcessControl> {
  const { ProcessControl } = await import('../daemon/control/process-control.ts');
  const teller = { json: tellJson, text: tell };
  const control = new ProcessControl({
    version: version(),
    intention,
    teller,
    end,
    apply,
    report: (what) => hear(what),
  });
  const hear = (what: Report): void => {
    control.hear(what);
    report(what);
  };
  if (metrics.listen !== undefined) {
    const { MetricsServer } = await import('../daemon/metrics/metrics-server.ts');
    await MetricsServer.open(control, metrics.listen);
  }
  if (!enabled) return control;
  const { ControlServer } = await import('../daemon/control/control-server.ts');
  const { socketPath } = await import('../daemon/control/socket-path.ts');
  const path = socket ?? socketPath(intention.interfaceName ?? intention.role);
  try {
    await ControlServer.open(control, { path, ...(group === undefined ? {} : { group }) });
  } catch (error) {
    const known = asTeredoError(error);
    if (known.code !== 'TD-CONTROL-SOCKET' || socket !== undefined) throw known;
    hear(warning(known));
  }
  return control;
}
