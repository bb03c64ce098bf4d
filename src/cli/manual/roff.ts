/** Text for man(7): what roff would take for a command, or turn into other characters, is written so that it does not. */

/** One line of text, as it stands. */
export function text(words: string): string {
  const escaped = words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('§', '\\(sc')
    .replaceAll('`', '\\`')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** A word in bold. */
export function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

/** A term with its explanation below it. */
export function item(term: string, ...explanation: readonly string[]): string[] {
  return ['.TP', term, ...explanation];
}

/** Lines as they stand. */
export function verbatim(lines: readonly string[]): string[] {
  return ['.PP', '.in +4n', '.nf', ...lines.map(text), '.fi', '.in'];
}

/** What follows keeps to the left, and breaks no word: flags are to be searched for. */
export const PLAIN: readonly string[] = ['.ad l', '.nh'];

export function page(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
