import { formatIpv6 } from '../wire/text.ts';
import { drawAddress } from './address-picture.ts';
import { drawLadder, type LadderColumn } from './ladder.ts';
import { drawNatTable } from './nat-table-picture.ts';
import { drawNodes } from './network-picture.ts';
import type { ChapterResult, Finding, Result } from './result.ts';
import type { LabRow } from './rows.ts';
import type { NodeSpec } from './scenario.ts';
import { type Paint, wrap } from './text.ts';

const WIDTH_MIN = 80;
const WIDTH_MAX = 120;

/**
 * A result as text for people: the nodes, then each chapter with its ladder and what came of it.
 *
 * Units:  `width` in characters; what is drawn stays within it from 80 on.
 */
export function print(result: Result, chapters: readonly (readonly LabRow[])[], width: number, paint: Paint): string {
  const columns = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width));
  const lines = head(result, columns, paint);
  for (const [index, chapter] of result.chapters.entries()) {
    lines.push(...printChapter(result, chapter, index + 1, chapters[index]!, columns, paint));
  }
  lines.push('', ...paragraph(totals(result, chapters.flat()), columns));
  return `${lines.join('\n')}\n`;
}

/** How much was said, and why what did not arrive did not. */
function totals({ cast }: Result, rows: readonly LabRow[]): string {
  const reasons = new Map<string, number>();
  for (const { loss } of rows) if (loss !== undefined) reasons.set(loss.reason, (reasons.get(loss.reason) ?? 0) + 1);
  const lost = rows.filter(({ isLost }) => isLost).length;
  const list = [...reasons].map(([reason, count]) => `${count} × ${reason}`).join('; ');
  const seconds = (cast.world.now / 1_000).toFixed(1);
  return `${rows.length} datagrams and packets in ${seconds} s of virtual time; ${lost === 0 ? 'all arrived.' : `${lost} did not arrive (${list}).`}`;
}

function head({ scenario, seed }: Result, width: number, paint: Paint): string[] {
  const lines = ['', ...wrap(scenario.title, width - 2).map((line) => ` ${paint.bold(line)}`), ''];
  lines.push(...paragraph(scenario.about, width), '');
  lines.push(...drawNodes(scenario.nodes, width, paint));
  const note = `Section numbers are RFC 4380's unless told otherwise. Times are seconds of virtual time. Seed ${seed}.`;
  lines.push('', ...paragraph(note, width).map(paint.dim));
  return lines;
}

function printChapter(
  result: Result,
  chapter: ChapterResult,
  number: number,
  rows: readonly LabRow[],
  width: number,
  paint: Paint,
): string[] {
  const title = `${number}. ${chapter.title}`;
  const rule = '━'.repeat(Math.max(3, width - title.length - 6));
  const lines = ['', `${paint.cyan('━━')} ${paint.bold(title)} ${paint.cyan(rule)}`, ''];
  lines.push(...paragraph(chapter.about, width), '');
  if (chapter.show === 'NAT table') {
    const clients = chapter.findings.filter((finding) => finding.type === 'NAT').map(({ client }) => client);
    lines.push(...drawNatTable(result.cast, chapter, clients, width, paint));
  } else if (rows.length > 0) {
    lines.push(...drawLadder(columnsOf(result.scenario.nodes, rows), rows, width, paint), '');
  }
  const isTold = (finding: Finding) => chapter.show === 'NAT table' && finding.isAsExpected;
  for (const finding of chapter.findings) {
    if (!isTold(finding)) lines.push(...printFinding(finding, width, paint));
  }
  return lines;
}

/** The nodes that take part: the first client at the left, the other clients at the right, each beside its NAT. */
export function columnsOf(nodes: readonly NodeSpec[], rows: readonly LabRow[]): LadderColumn[] {
  const present = new Set(rows.flatMap(({ path }) => path));
  const mine = nodes.filter(({ name }) => present.has(name));
  const [left, ...others] = mine.filter((node) => node.type === 'client');
  const natOf = (client: NodeSpec) =>
    mine.filter(({ name, type }) => type === 'NAT' && client.type === 'client' && name === client.behind);
  const atLeft = left === undefined ? [] : [left, ...natOf(left)];
  const atRight = others.flatMap((client) => [...natOf(client), client]);
  const between = mine.filter((node) => !atLeft.includes(node) && !atRight.includes(node));
  const columns = new Set([...atLeft, ...between, ...atRight]);
  return [...columns].map((node) => ({ node: node.name, isNat: node.type === 'NAT' }));
}

export function printFinding(finding: Finding, width: number, paint: Paint): string[] {
  const mark = finding.isAsExpected ? paint.green('✓') : paint.red('✗');
  if (finding.type === 'address') {
    const [address, ...boxes] = drawAddress(finding.address);
    return [
      '',
      ` ${paint.bold(`The address of ${finding.client}: ${address}`)}`,
      '',
      ...boxes.map((line) => `   ${line}`),
    ];
  }
  return wrap(findingText(finding), width - 4).map((line, i) => (i === 0 ? ` ${mark} ${line}` : `   ${line}`));
}

/** One finding as a sentence. */
export function findingText(finding: Finding): string {
  switch (finding.type) {
    case 'look-up':
      return finding.addresses.length === 0
        ? `${finding.name} has no IPv6 address.`
        : `${finding.name} is ${finding.addresses.join(', ')}.`;
    case 'qualification':
      return finding.state === 'qualified'
        ? `${finding.client} is qualified.`
        : `${finding.client} is ${finding.state}${finding.reason === undefined ? '' : `: ${finding.reason}`}.`;
    case 'address':
      return `${finding.client} has ${formatIpv6(finding.address)}.`;
    case 'ping': {
      const times = finding.roundTripsMs.map((ms) => (ms === undefined ? 'no reply' : `${Math.round(ms)} ms`));
      return `${finding.from} pings ${finding.to}: ${finding.answered} of ${finding.count} answered (${times.join(', ')}).`;
    }
    case 'refusal':
      return finding.where === ''
        ? `${finding.forgery}: nobody refused it.`
        : `${finding.forgery}: refused by ${finding.where} (${finding.reason}).`;
    case 'refresh':
      return `${finding.client} asked its server again by itself; its address stays.`;
    case 'NAT':
      return `${finding.client} found: ${finding.found}. It is: ${finding.real}.`;
    case 'not possible':
      return `${finding.reason}.`;
  }
}

function paragraph(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line) => ` ${line}`);
}
