import type { Report } from '../daemon/reports.ts';
import { tell } from './story.ts';
import { tellJson } from './story-json.ts';
import { paint } from './terminal.ts';

/** Prints one report: a JSON line, or words with the time of day. */
export function story(report: Report, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(tellJson(report))}\n`);
    return;
  }
  const time = paint('dim', new Date().toTimeString().slice(0, 8));
  for (const line of tell(report)) process.stdout.write(`${time} ${colour(report, line)}\n`);
}

function colour(report: Report, line: string): string {
  if (report.type === 'qualified') return paint('green', line);
  if (report.type === 'warning' || report.type === 'off-line') return paint('yellow', line);
  return line;
}
