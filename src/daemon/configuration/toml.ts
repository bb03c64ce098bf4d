import { KEYS, SECTIONS } from './keys.ts';

/** Values by the paths of their keys as a `teredo.toml`, in the order of the schema; `head` are comments above it. */
export function writeToml(values: ReadonlyMap<string, unknown>, head: readonly string[]): string {
  const lines = head.flatMap((text) => wrap(text, 98).map((line) => `# ${line}`.trimEnd()));
  for (const section of ['', ...SECTIONS]) {
    const keys = KEYS.filter((key) => key.section === section && values.has(key.path));
    if (keys.length === 0) continue;
    if (lines.length > 0) lines.push('');
    if (section !== '') lines.push(`[${section}]`);
    for (const key of keys) lines.push(`${key.name} = ${tomlValue(values.get(key.path))}`);
  }
  return `${lines.join('\n')}\n`;
}

/** JSON's texts, numbers and lists are TOML's too. */
export function tomlValue(value: unknown): string {
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(', ')}]` : JSON.stringify(value);
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
