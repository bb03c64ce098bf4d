import type { Report } from '../daemon/reports.ts';
import { withProgramName } from './program-name.ts';
import { log } from './standard-output.ts';
import { tell } from './story.ts';
import { tellJson } from './story-json.ts';
import { paint } from './terminal.ts';
import { visible } from './words.ts';

/** Prints one report: a JSON line, or words with the time of day. */
export function story(report: Report, json: boolean): void {
  if (json) {
    log(`${JSON.stringify(tellJson(report))}\n`, (count, reason) => {
      return `${JSON.stringify({ schemaVersion: 1, type: 'log-lost', lines: count, reason })}\n`;
    });
    return;
  }
  const time = paint('dim', new Date().toTimeString().slice(0, 8));
  for (const line of tell(report)) {
    log(`${time} ${colour(report, withProgramName(visible(line)))}\n`, (count, reason) => {
      return `${time} ${paint('yellow', `${count} lines of this log are lost: ${reason}`)}\n`;
    });
  }
}

function colour(report: Report, line: string): string {
  if (report.type === 'qualified') return paint('green', line);
  if (report.type === 'warning' || report.type === 'off-line') return paint('yellow', line);
  return line;
}
