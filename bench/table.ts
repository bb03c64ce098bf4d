/** The report for people: one Markdown table, aligned so that it reads as well in a terminal. */
import type { Goal, Report, Row } from './report.ts';
import { isMet, ratio, typical } from './statistics.ts';

const HEAD = ['measure', 'unit', 'ours', 'Miredo', 'ours / Miredo', 'kernel', 'ours / kernel', 'goal'];
/** Columns of words; all others are numbers and stand to the right. */
const WORDS = new Set([0, 1, 7]);

export function formatReport(report: Report): string {
  const facts = Object.entries({ ...report.machine, ...report.versions }).map(([name, value]) => `${name} ${value}`);
  return [
    `Date: ${report.date.slice(0, 10)}. Medians of ${report.repetitions}. Command: \`${report.command}\`.`,
    `Machine: ${facts.join(', ')}.`,
    '',
    formatTable(report.rows),
  ].join('\n');
}

export function formatTable(rows: readonly Row[]): string {
  return align([HEAD, ...rows.map(cells)]);
}

function cells(row: Row): string[] {
  return [
    row.title,
    row.unit,
    formatNumber(typical(row, 'ours')),
    formatNumber(typical(row, 'miredo')),
    formatNumber(ratio(row, 'miredo')),
    formatNumber(typical(row, 'kernel')),
    formatNumber(ratio(row, 'kernel')),
    formatGoal(row),
  ];
}

/** ">= 12 Miredo: met". */
function formatGoal(row: Row): string {
  if (row.goal === undefined) return '';
  const sign = row.better === 'higher' ? '>=' : '<=';
  const wishes = (['miredo', 'kernel', 'value'] as const).flatMap((key) => wish(row.goal!, key, sign));
  const met = isMet(row);
  return `${wishes.join(', ')}: ${met === undefined ? 'not measured' : met ? 'met' : 'NOT met'}`;
}

function wish(goal: Goal, key: keyof Goal, sign: string): string[] {
  const number = goal[key];
  if (number === undefined) return [];
  return [`${sign} ${number}${{ miredo: ' Miredo', kernel: ' kernel', value: '' }[key]}`];
}

/** Three digits that count, thousands apart: 12 345, 12.3, 0.123; empty: not measured. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined) return '';
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ' ');
  if (size >= 100 || value === 0) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** Rows of cells as a Markdown table, the first row its head. */
export function align(rows: readonly (readonly string[])[], words: ReadonlySet<number> = WORDS): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (words.has(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (words.has(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}
