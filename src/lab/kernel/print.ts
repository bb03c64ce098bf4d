import { findingJson } from '../json.ts';
import { drawNodes } from '../network-picture.ts';
import { findingText, printFinding } from '../print.ts';
import { type Paint, wrap } from '../text.ts';
import type { KernelResult, NatCounters } from './run.ts';

/** A run on the kernel as text for people, within `width` characters. */
export function printKernel(result: KernelResult, width: number, paint: Paint): string {
  const { scenario, chapters, leftOut, nats } = result;
  const paragraph = (text: string) => wrap(text, width - 2).map((line) => ` ${line}`);
  const note = (text: string) => paragraph(`- ${text}`).map(paint.dim);
  const lines = ['', ...paragraph(scenario.title).map(paint.bold), '', ...drawNodes(scenario.nodes, width, paint), ''];
  lines.push(
    ...paragraph('On this kernel: a network namespace for each node, our daemons, real pings.').map(paint.dim),
  );
  for (const sentence of leftOut) lines.push(...note(sentence));
  for (const [index, chapter] of chapters.entries()) {
    lines.push('', ` ${paint.bold(`${index + 1}. ${chapter.title}`)}`, '', ...paragraph(chapter.about), '');
    for (const finding of chapter.findings) lines.push(...printFinding(finding, width, paint));
    for (const sentence of chapter.leftOut) lines.push(...note(sentence));
  }
  if (nats.length > 0) lines.push('', ` ${paint.bold('What the NATs let through')}`, '');
  for (const nat of nats) lines.push(...paragraph(`${nat.name} (${nat.kind}): ${countersText(nat)}.`));
  return `${lines.join('\n')}\n`;
}

/**
 * The same as data for programs.
 *
 * Shape: `schemaVersion` 1: { schemaVersion, type: "lab-kernel", scenario, title, isAsExpected, leftOut,
 *        chapters: [{ title, about, findings: [{ type, text, isAsExpected, ... }], leftOut }],
 *        nats: [{ name, kind, passed: { outward, inward, hairpinned }, refused: { reason: packets } }] }.
 */
export function kernelJson({ scenario, chapters, leftOut, nats, isAsExpected }: KernelResult): unknown {
  return {
    schemaVersion: 1,
    type: 'lab-kernel',
    scenario: scenario.name,
    title: scenario.title,
    isAsExpected,
    leftOut,
    chapters: chapters.map(({ findings, ...chapter }) => ({
      ...chapter,
      findings: findings.map((finding) => ({ ...findingJson(finding), text: findingText(finding) })),
    })),
    nats,
  };
}

function countersText({ passed, refused }: NatCounters): string {
  const { outward = 0, inward = 0, hairpinned = 0 } = passed;
  const parts = [`${outward} out`, `${inward} in`];
  if (hairpinned > 0) parts.push(`${hairpinned} turned back inside`);
  return [...parts, ...Object.entries(refused).map(([reason, count]) => `${count} × ${reason}`)].join(', ');
}
