import type { Command } from 'commander';
import { PUBLIC_SERVER } from '../daemon/configuration/names.ts';
import { ownSockets } from '../daemon/control/socket-path.ts';
import type { RoleStatus, Status } from '../daemon/status/status.ts';
import { parseIpv4 } from '../wire/text.ts';
import { ControlClient } from './control-client.ts';
import { identifierFlag, interfaceFlag, ipv4Flag, portFlag, serverArgument } from './flags.ts';
import { parseSecurity, type SecurityOptions } from './security-flags.ts';
import { Exit } from './terminal.ts';

interface DiagnoseOptions extends SecurityOptions {
  readonly server2?: number;
  readonly port?: number;
  readonly interface?: string;
  readonly socket?: string;
  readonly long?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('diagnose')
    .description('find out why Teredo works here, or does not; needs no root')
    .argument(
      '[SERVER...]',
      `the server in question, and others to compare with (default: that of the client that runs here, or ${PUBLIC_SERVER})`,
    )
    .option(
      '--server2 <ADDRESS>',
      'second address of the first server (default: the next after the first)',
      ipv4Flag('--server2'),
    )
    .option('--port <PORT>', 'local UDP port to look at, where one is forwarded', portFlag('--port'))
    .option('--socket <PATH>', 'control socket of a client that runs here, which is asked too (default: found)')
    .option(
      '--interface <NAME>',
      'TUN interface of a client that runs here (default: it is asked, or "teredo")',
      interfaceFlag('--interface'),
    )
    .option('--identifier <ID>', 'client identifier for secure qualification', identifierFlag('--identifier'))
    .option('--secret-file <FILE>', 'file with its secret in the first line')
    .option('--long', 'search how long the NAT keeps a mapping, for minutes (RFC 4380 5.2.7)')
    .option('--verbose', 'also say what was sent to whom')
    .option('--json', 'print one JSON object')
    .action(async (names: string[], options: DiagnoseOptions) => {
      process.exitCode = await diagnose(names.map(serverArgument), options);
    });
}

async function diagnose(names: readonly string[], options: DiagnoseOptions): Promise<number> {
  const security = parseSecurity(options);
  const [
    { examine },
    { findings },
    { behind, besideRunning, isTroubled },
    { judge },
    { diagnosisText },
    { ProgressLine },
  ] = await Promise.all([
    import('../daemon/diagnosis/diagnose.ts'),
    import('../daemon/diagnosis/findings.ts'),
    import('../daemon/diagnosis/running-client.ts'),
    import('../daemon/diagnosis/verdict.ts'),
    import('./diagnosis-text.ts'),
    import('./progress-line.ts'),
  ]);
  const running = await runningClient(options.socket);
  const usual = running?.server;
  const servers = (names.length > 0 ? names : [usual?.name ?? PUBLIC_SERVER]).map((name, index) => {
    const told = usual?.name === name && usual.secondary !== null ? parseIpv4(usual.secondary) : undefined;
    const secondary = index === 0 ? (options.server2 ?? told) : told;
    return { name, ...(secondary === undefined ? {} : { secondary }) };
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  const progress = new ProgressLine();
  const { facts, sent, ms } = await examine({
    servers,
    ...(security === undefined ? {} : { security }),
    port: options.port ?? 0,
    ownInterface: options.interface ?? running?.interface ?? 'teredo',
    long: options.long ?? false,
    onProgress: (state) => progress.update(state),
    stopped: stop.signal,
  }).finally(() => progress.end());
  const judged = judge(facts);
  const verdict =
    running !== undefined && isTroubled(running) && usual?.name === servers[0]?.name && judged.works !== 'no'
      ? behind(running)
      : judged;
  const checks = running === undefined ? findings(facts) : besideRunning(findings(facts), running);
  if (options.json === true) {
    const report = { schemaVersion: 1, type: 'diagnosis', verdict, checks, sent, milliseconds: Math.round(ms) };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    process.stdout.write(diagnosisText({ verdict, checks, ms, ...(options.verbose === true ? { sent } : {}) }));
  }
  return verdict.works === 'yes' ? Exit.Fine : Exit.Degraded;
}

/** The client that runs in this network, as it tells itself; undefined: none may be asked. A named one must answer. */
async function runningClient(socket: string | undefined): Promise<RoleStatus | undefined> {
  if (socket !== undefined) return clientBehind(socket);
  for (const path of ownSockets()) {
    const client = await clientBehind(path).catch(() => undefined);
    if (client !== undefined) return client;
  }
  return undefined;
}

async function clientBehind(socket: string): Promise<RoleStatus | undefined> {
  const { roles } = await (await ControlClient.to(socket)).get<Status>('/v1/status');
  return roles.find(({ role }) => role === 'client');
}
