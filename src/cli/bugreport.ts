import type { Command } from 'commander';
import type { BugReport } from '../daemon/control/bug-report.ts';
import { ControlClient, SOCKET_FLAG } from './control-client.ts';
import { Masking } from './masking.ts';
import { statusText } from './status-text.ts';
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
    .action(async (options: BugReportOptions) => {
      const report = await (await ControlClient.to(options.socket)).get<BugReport>('/v1/bugreport');
      const text = options.json === true ? `${JSON.stringify(report)}\n` : `${sections(report).join('\n')}\n`;
      process.stdout.write(options.full === true ? text : new Masking().mask(text));
    });
}

function sections(report: BugReport): string[] {
  const { status, events, ip, settings, memory } = report;
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
