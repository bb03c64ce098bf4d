export { wordsFor } from '../daemon/configuration/system-words.ts';

/** Lines of 80 columns: what is longer goes on below, further in; words, and with them paths, stay whole. */
export function folded(text: string, width = 80): string {
  return text
    .split('\n')
    .flatMap((line) => fold(line, width))
    .join('\n');
}

function fold(line: string, width: number): string[] {
  const indent = /^ */.exec(line)![0];
  const lines: string[] = [];
  let current = '';
  for (const word of line.slice(indent.length).split(' ')) {
    const before = lines.length === 0 ? indent : `${indent}    `;
    if (current !== '' && before.length + current.length + 1 + word.length > width) {
      lines.push(before + current);
      current = word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, `${lines.length === 0 ? indent : `${indent}    `}${current}`];
}

/** Control characters, and those that turn the direction of writing: a file name or a capture may hold any. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text of others as it may go to a terminal: what would move the cursor or paint is written as \x1b. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.codePointAt(0)!;
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}
