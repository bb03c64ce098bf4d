import { formatIpv6 } from '../wire/text.ts';
import { drawAddress } from './address-picture.ts';
import { drawLadder, type LadderColumn } from './ladder.ts';
import { drawNatTable } from './nat-table-picture.ts';
import type { ChapterResult, Finding, Result } from './result.ts';
import type { LabRow } from './rows.ts';
import type { NodeSpec } from './scenario.ts';
import { type Paint, wrap } from './text.ts';

const WIDTH_MIN = 72;
const WIDTH_MAX = 120;

/**
 * A result as text for people: the nodes, then each chapter with its ladder and what came of it.
 *
 * Units:  `width` in characters; what is drawn stays within it from 72 on.
 */
export function print(result: Result, chapters: readonly (readonly LabRow[])[], width: number, paint: Paint): string {
  const columns = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width));
  const lines = head(result, columns, paint);
  for (const [index, chapter] of result.chapters.entries()) {
    lines.push(...printChapter(result, chapter, index + 1, chapters[index]!, columns, paint));
  }
  return `${lines.join('\n')}\n`;
}

function head({ scenario, seed }: Result, width: number, paint: Paint): string[] {
  const lines = ['', ...wrap(scenario.title, width - 2).map((line) => ` ${paint.bold(line)}`), ''];
  lines.push(...paragraph(scenario.about, width), '');
  const nodes = scenario.nodes.map((node) => [node.name, whereIs(node), node.about ?? ''] as const);
  const [names, places] = [0, 1].map((column) => Math.max(...nodes.map((node) => node[column]!.length))) as [
    number,
    number,
  ];
  for (const [name, place, about] of nodes) {
    const room = width - names - places - 7;
    const words = about.length <= room ? about : '';
    lines.push(`   ${paint.bold(name.padEnd(names))}  ${paint.cyan(place.padEnd(places))}  ${words}`.trimEnd());
  }
  lines.push(
    '',
    paint.dim(
      ` Section numbers are RFC 4380's unless told otherwise. Times are seconds of virtual time. Seed ${seed}.`,
    ),
  );
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
  for (const finding of chapter.findings) lines.push(...printFinding(finding, chapter, width, paint));
  return lines;
}

/** The nodes that take part, in the order of the scenario, clients at the two ends. */
function columnsOf(nodes: readonly NodeSpec[], rows: readonly LabRow[]): LadderColumn[] {
  const present = new Set(rows.flatMap(({ path }) => path));
  const [first] = rows[0]!.path;
  const mine = nodes.filter(({ name }) => present.has(name));
  const clients = mine.filter(({ type }) => type === 'client');
  const left = clients.find(({ name }) => name === first) ?? clients[0];
  const isLeft = (node: NodeSpec) => node === left || (left?.type === 'client' && node.name === left.behind);
  const others = clients.filter((client) => client !== left);
  const isRight = (node: NodeSpec) =>
    others.some((other) => other === node || (other.type === 'client' && node.name === other.behind));
  const order = [
    ...mine.filter((node) => node === left),
    ...mine.filter((node) => isLeft(node) && node !== left),
    ...mine.filter((node) => !isLeft(node) && !isRight(node)),
    ...mine.filter((node) => isRight(node) && node.type === 'NAT' && !isLeft(node)),
    ...mine.filter((node) => isRight(node) && node.type === 'client'),
  ];
  return order.map((node) => ({ node: node.name, isNat: node.type === 'NAT' }));
}

function printFinding(finding: Finding, chapter: ChapterResult, width: number, paint: Paint): string[] {
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
  if (finding.type === 'NAT' && chapter.show === 'NAT table') return [];
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
    case 'refresh':
      return `${finding.client} asked its server again after ${(finding.afterMs / 1_000).toFixed(1)} s of silence; its address stays.`;
    case 'NAT':
      return `${finding.client} found: ${finding.found}. It is: ${finding.real}.`;
  }
}

function whereIs(node: NodeSpec): string {
  switch (node.type) {
    case 'server':
      return node.ipv4.join(', ');
    case 'relay':
    case 'dual-stack host':
      return `${node.ipv4}, ${node.ipv6}`;
    case 'IPv6-only host':
      return node.ipv6;
    case 'NAT':
      return `${node.ipv4 ?? `behind ${node.behind}`}, ${node.nat}`;
    case 'client':
      return node.behind === undefined ? (node.ipv4 ?? '') : `behind ${node.behind}`;
    case 'name server':
    case 'IPv4 host':
      return node.ipv4;
  }
}

function paragraph(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line) => ` ${line}`);
}
