import type { Values } from '../daemon/configuration/schema.ts';
import { isLoopback, splitListen } from '../daemon/configuration/values.ts';
import type { ProcessControl, ProcessControlOptions } from '../daemon/control/process-control.ts';
import { type Report, type Reporter, warning } from '../daemon/reports.ts';
import type { Intention } from '../daemon/status/status-board.ts';
import { asTeredoError, TeredoError } from '../errors.ts';
import { tell } from './story.ts';
import { tellJson } from './story-json.ts';
import { version } from './version.ts';

/**
 * Opens the control socket of this process, its metrics and its dashboard, and gives what stands behind it.
 *
 * Errors: TD-ALREADY-RUNNING; what keeps a socket that was asked for from being opened. The usual one is done without,
 *         with a warning.
 */
export async function openControl(
  { control: { enabled, socket, group }, metrics, web }: Pick<Values, 'control' | 'metrics' | 'web'>,
  intention: Intention,
  report: Reporter,
  own: Pick<ProcessControlOptions, 'end' | 'apply' | 'configuration'>,
): Promise<ProcessControl> {
  const { ProcessControl } = await import('../daemon/control/process-control.ts');
  const { forwardingTrouble } = await import('../daemon/forwarding.ts');
  const teller = { json: tellJson, text: tell };
  const control = new ProcessControl({
    version: version(),
    intention,
    teller,
    ...own,
    troubleOf: forwardingTrouble,
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
  if (web.listen !== undefined) await openPage(control, web.listen, web.remote, report);
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

/** The address goes to whoever sees what this process prints, not among its events: those go into bug reports. */
async function openPage(control: ProcessControl, listen: string, isRemote: boolean, report: Reporter): Promise<void> {
  const { controlApp } = await import('../daemon/control/app.ts');
  const { ownUpstream } = await import('../daemon/web/dashboard-api.ts');
  const { servePage } = await import('../daemon/web/page-server.ts');
  const { address, port } = splitListen(listen);
  const upstream = ownUpstream(controlApp(control));
  const server = await servePage({ address, port, index: 'dashboard.html', upstream });
  server.unref();
  control.board.web = server.url;
  report({ type: 'web', url: server.url });
  if (isRemote && !isLoopback(address)) {
    const message = `other hosts reach the dashboard on ${address}, and on the way its token can be read`;
    report(warning(new TeredoError('TD-WEB-REMOTE', message, 'prefer 127.0.0.1 and "ssh -L"')));
  }
}
