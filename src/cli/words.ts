export { wordsFor } from '../daemon/configuration/system-words.ts';

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
