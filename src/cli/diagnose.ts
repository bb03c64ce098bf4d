import type { Command } from 'commander';
import { PUBLIC_SERVER } from '../daemon/configuration/names.ts';
import { identifierFlag, interfaceFlag, ipv4Flag, portFlag, serverArgument } from './flags.ts';
import { parseSecurity, type SecurityOptions } from './security-flags.ts';
import { Exit } from './terminal.ts';

interface DiagnoseOptions extends SecurityOptions {
  readonly server2?: number;
  readonly port?: number;
  readonly interface: string;
  readonly long?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('diagnose')
    .description('find out why Teredo works here, or does not; needs no root')
    .argument('[SERVER...]', `the server in question, and others to compare with (default: ${PUBLIC_SERVER})`)
    .option(
      '--server2 <ADDRESS>',
      'second address of the first server (default: the next after the first)',
      ipv4Flag('--server2'),
    )
    .option('--port <PORT>', 'local UDP port to look at, where one is forwarded', portFlag('--port'))
    .option('--interface <NAME>', 'TUN interface of a client that runs here', interfaceFlag('--interface'), 'teredo')
    .option('--identifier <ID>', 'client identifier for secure qualification', identifierFlag('--identifier'))
    .option('--secret-file <FILE>', 'file with its secret in the first line')
    .option('--long', 'search how long the NAT keeps a mapping, for minutes (RFC 4380 5.2.7)')
    .option('--verbose', 'also say what was sent to whom')
    .option('--json', 'print one JSON object')
    .action(async (names: string[], options: DiagnoseOptions) => {
      const servers = names.length === 0 ? [PUBLIC_SERVER] : names.map(serverArgument);
      process.exitCode = await diagnose(servers, options);
    });
}

async function diagnose(names: readonly string[], options: DiagnoseOptions): Promise<number> {
  const security = parseSecurity(options);
  const [{ examine }, { findings }, { judge }, { diagnosisText }, { ProgressLine }] = await Promise.all([
    import('../daemon/diagnosis/diagnose.ts'),
    import('../daemon/diagnosis/findings.ts'),
    import('../daemon/diagnosis/verdict.ts'),
    import('./diagnosis-text.ts'),
    import('./progress-line.ts'),
  ]);
  const servers = names.map((name, index) => {
    return { name, ...(index === 0 && options.server2 !== undefined ? { secondary: options.server2 } : {}) };
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  const progress = new ProgressLine();
  const { facts, sent, ms } = await examine({
    servers,
    ...(security === undefined ? {} : { security }),
    port: options.port ?? 0,
    ownInterface: options.interface,
    long: options.long ?? false,
    onProgress: (state) => progress.update(state),
    stopped: stop.signal,
  }).finally(() => progress.end());
  const verdict = judge(facts);
  const checks = findings(facts);
  if (options.json === true) {
    const report = { schemaVersion: 1, type: 'diagnosis', verdict, checks, sent, milliseconds: Math.round(ms) };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    process.stdout.write(diagnosisText({ verdict, checks, ms, ...(options.verbose === true ? { sent } : {}) }));
  }
  return verdict.works === 'yes' ? Exit.Fine : Exit.Degraded;
}
