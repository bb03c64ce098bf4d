import type { Command } from 'commander';
import { type AbsenceReport, absenceReport } from '../daemon/control/absence-report.ts';
import type { BugReport } from '../daemon/control/bug-report.ts';
import type { HostReport } from '../daemon/control/host-report.ts';
import { TeredoError } from '../errors.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { Masking } from './masking.ts';
import { withProgramName } from './program-name.ts';
import { settingsFrom, usualFile } from './settings.ts';
import { statusText } from './status-text.ts';
import { Exit } from './terminal.ts';
import { version } from './version.ts';
import { visible } from './words.ts';

interface BugReportOptions {
  readonly socket?: string;
  readonly full?: boolean;
  readonly json?: boolean;
}

const plain = (text: string): string => text;

export function register(program: Command): void {
  program
    .command('bugreport')
    .description(
      'all that helps to find a mistake, as text to be read and sent; addresses are masked, secrets left out',
    )
    .option(...SOCKET_FLAG)
    .option('--full', 'with addresses as they are')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nWhere no process answers it tells what can be known without one, with exit status 1.')
    .action(async (options: BugReportOptions) => {
      const report = await gather(options.socket);
      const lines = report.status === null ? sectionsOfAbsence(report) : sections(report);
      const text = options.json === true ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`;
      process.stdout.write(options.full === true ? text : new Masking().mask(text));
      if (report.status === null) process.exitCode = Exit.Degraded;
    });
}

/** Errors: TD-USAGE-SOCKET when it is not clear who is meant. */
async function gather(socket: string | undefined): Promise<BugReport | AbsenceReport> {
  try {
    return await (await ControlClient.to(socket)).get<BugReport>('/v1/bugreport');
  } catch (error) {
    if (!(error instanceof TeredoError) || !error.code.startsWith('TD-NOT-REACHABLE')) throw error;
    return absenceReport(error, version(), () => settingsFrom(usualFile()));
  }
}

function sections(report: BugReport): string[] {
  const { status, events, memory } = report;
  const style = { width: 100, good: plain, bad: plain, faint: plain };
  return [
    ...section('teredo bug report', [
      `time       ${report.time}`,
      `teredo     ${status.process.version}, Node ${status.process.node}, ${report.kernel}`,
      `command    ${report.commandLine.join(' ')}`,
      `memory     ${Object.entries(memory)
        .map(([name, octets]) => `${name} ${Math.round(octets / 1e6)} MB`)
        .join(', ')}`,
      `open files ${report.descriptors}`,
    ]),
    ...section('status', statusText(status, style)),
    ...section(
      'of late',
      events.flatMap(({ time, text }) => text.map((line) => `${String(time)} ${visible(line)}`)),
    ),
    ...sectionsOfHost(report),
  ];
}

function sectionsOfAbsence(report: AbsenceReport): string[] {
  const { obstacle, program, sockets, configuration, journal } = report;
  const user = program.user === null ? '' : `, user ${program.user}`;
  return [
    ...section('teredo bug report', [
      `time       ${report.time}`,
      `teredo     ${program.version}, Node ${program.node}, ${report.kernel}${user}`,
      `TUN        ${report.tun}`,
    ]),
    ...section('status', [
      `No process answers: ${visible(obstacle.message)} (${obstacle.code})`,
      `next: ${withProgramName(visible(obstacle.next))}`,
    ]),
    ...section(
      'control sockets',
      sockets.map(({ path, isAlive }) => `${path}: ${isAlive ? 'somebody listens' : 'nobody listens any more'}`),
    ),
    ...section('configuration', [
      configuration.file ?? 'no file',
      ...configuration.values.map(({ key, value, where }) => visible(`${key} = ${JSON.stringify(value)}  # ${where}`)),
      ...configuration.problems.map(({ where, name, reason }) => visible(`wrong: ${where} ${name}: ${reason}`)),
    ]),
    ...section('journal', typeof journal === 'string' ? [journal] : journal.map(visible)),
    ...sectionsOfHost(report),
  ];
}

function sectionsOfHost({ settings, ip }: HostReport): string[] {
  return [
    ...section(
      'settings',
      Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    ),
    ...Object.entries(ip).flatMap(([what, answer]) => section(`ip ${what}`, rows(answer))),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return [`=== ${title}`, ...lines, ''];
}

function rows(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map((row) => JSON.stringify(row)) : [String(answer)];
}
