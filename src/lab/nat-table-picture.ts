import type { Cast } from './build.ts';
import { type NatQuestion, natQuestionsOf } from './nat-questions.ts';
import type { ChapterResult } from './result.ts';
import { type Paint, wrap } from './text.ts';

/** Characters of the left column, and between columns. */
const LEFT = 24;
const GAP = 2;

/** The clients side by side: a column for each, a row for each question, and what each client concluded. */
export function drawNatTable(
  cast: Cast,
  chapter: ChapterResult,
  clients: readonly string[],
  width: number,
  paint: Paint,
): string[] {
  const asked = clients.map((client) => natQuestionsOf(client, chapter.flights));
  const questions = [...new Set(asked.flatMap((list) => list.map(({ question }) => question)))];
  const cell = Math.floor((width - 3 - LEFT) / clients.length) - GAP;
  const verdicts = clients.map((client) =>
    chapter.findings.find((finding) => finding.type === 'NAT' && finding.client === client),
  );
  const plain = (text: string) => text;
  const row = (left: string, cells: readonly string[], style: (text: string, column: number) => string = plain) => {
    const wrapped = [wrap(left, LEFT), ...cells.map((text) => wrap(text, cell))];
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = wrapped.map((lines, column) => {
        const text = (lines[line] ?? '').padEnd(column === 0 ? LEFT : cell);
        return column === 0 ? text : style(text, column - 1);
      });
      return `   ${parts.join(' '.repeat(GAP))}`.trimEnd();
    });
  };
  const rule = paint.dim(`   ${'─'.repeat(LEFT + clients.length * (cell + GAP))}`);

  const kinds = verdicts.map((finding) => (finding?.type === 'NAT' ? finding.real : ''));
  const lines = [
    ...row('the NAT really is', kinds, paint.bold),
    ...row('and has the address', asked.map(externalAddress)),
    rule,
  ];
  for (const [index, question] of questions.entries()) {
    const answers = asked.map((list) => list.find((candidate) => candidate.question === question));
    const style = (text: string, column: number) => {
      const answer = answers[column];
      if (answer === undefined) return paint.dim(text);
      return answer.seen === undefined ? paint.red(text) : paint.green(text);
    };
    lines.push(...(index > 0 ? [''] : []), ...row(question, answers.map(answerText), style));
  }
  lines.push(rule);
  lines.push(
    ...row(
      'the client concludes',
      verdicts.map((finding) => (finding?.type === 'NAT' ? finding.found : '')),
      (text, column) => (verdicts[column]?.isAsExpected === true ? paint.bold(text) : paint.red(text)),
    ),
    ...row(
      'and is',
      clients.map((client) => (cast.clients.get(client)?.isQualified === true ? 'qualified' : 'off-line')),
    ),
    '',
  );
  return lines;
}

function externalAddress(questions: readonly NatQuestion[]): string {
  return questions.find(({ seen }) => seen !== undefined)?.seen?.split(':')[0] ?? '';
}

function answerText(answer: NatQuestion | undefined): string {
  if (answer === undefined) return 'not asked';
  if (answer.seen !== undefined) return `port ${answer.seen.split(':')[1]}`;
  return answer.refusal === undefined ? 'no answer' : `no: ${answer.refusal.replace('NAT filter: ', '')}`;
}
