/** The generated part of docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Report } from './report.ts';
import { formatReport } from './table.ts';

const PAGE = new URL('../docs/performance.md', import.meta.url);
const BEGIN = '<!-- bench: begin (written by "npm run bench -- --page") -->';
const END = '<!-- bench: end -->';

export function writePage(report: Report): void {
  writeFileSync(PAGE, replaceGenerated(readFileSync(PAGE, 'utf8'), formatReport(report)));
}

/** The page with another text between the markers. Errors: an Error when a marker is missing. */
export function replaceGenerated(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no "${BEGIN}" and "${END}" in the page`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}
