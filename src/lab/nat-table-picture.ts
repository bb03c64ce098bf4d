import type { Cast } from './build.ts';
import { natQuestionsOf } from './nat-questions.ts';
import type { ChapterResult } from './result.ts';
import { type Paint, wrap } from './text.ts';

/** The clients side by side: a column for each, a row for each question, and what each client concluded. */
export function drawNatTable(
  cast: Cast,
  chapter: ChapterResult,
  clients: readonly string[],
  width: number,
  paint: Paint,
): string[] {
  const asked = new Map(clients.map((client) => [client, natQuestionsOf(client, chapter.flights)]));
  const questions = [...new Set([...asked.values()].flatMap((list) => list.map(({ question }) => question)))];
  const cell = Math.floor((width - 3 - LEFT) / clients.length) - 2;
  const row = (left: string, cells: readonly string[], style: (text: string, column: number) => string) => {
    const wrapped = [wrap(left, LEFT), ...cells.map((text) => wrap(text, cell))];
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = wrapped.map((lines, column) => {
        const text = (lines[line] ?? '').padEnd(column === 0 ? LEFT : cell);
        return column === 0 ? text : style(text, column - 1);
      });
      return `   ${parts.join('  ')}`.trimEnd();
    });
  };
  const rule = paint.dim(`   ${'─'.repeat(LEFT + clients.length * (cell + 2))}`);
  const kinds = clients.map((client) => realKind(chapter, client));
  const lines = [...row('behind a NAT that is really', kinds, (text) => paint.bold(text)), rule];
  for (const question of questions) {
    const answers = clients.map((client) => answerOf(asked.get(client) ?? [], question));
    lines.push(
      ...row(question, answers, (text, column) =>
        answers[column]!.startsWith('no') ? paint.red(text) : paint.green(text),
      ),
      '',
    );
  }
  lines.pop();
  const found = clients.map((client) =>
    chapter.findings.find((finding) => finding.type === 'NAT' && finding.client === client),
  );
  const verdicts = found.map((finding) => (finding?.type === 'NAT' ? finding.found : ''));
  const usable = clients.map((client) => (cast.clients.get(client)?.isQualified === true ? 'qualified' : 'off-line'));
  return [
    ...lines,
    rule,
    ...row('the client concludes', verdicts, (text, column) =>
      found[column]?.isAsExpected === true ? paint.bold(text) : paint.red(text),
    ),
    ...row('and is', usable, (text) => text),
    '',
  ];
}

/** Characters of the left column. */
const LEFT = 26;

function answerOf(questions: ReturnType<typeof natQuestionsOf>, question: string): string {
  const found = questions.find((candidate) => candidate.question === question);
  if (found === undefined) return '·';
  if (found.seen !== undefined) return found.seen;
  return found.refusal === undefined ? 'no answer' : `no: ${found.refusal.replace('NAT filter: ', '')}`;
}

function realKind(chapter: ChapterResult, client: string): string {
  const finding = chapter.findings.find((candidate) => candidate.type === 'NAT' && candidate.client === client);
  return finding?.type === 'NAT' ? finding.real : '';
}
