import { describe, describePacket, type Field } from '../../../src/wire/describe.ts';
import { type FieldMeaning, fieldMeaning } from '../../../src/wire/field-meaning.ts';
import type { Passage } from './recording.ts';

/** What a stretch of octets is; each has a colour. */
export type Part =
  | 'authentication'
  | 'origin'
  | 'header'
  | 'source'
  | 'destination'
  | 'message'
  | 'trailer'
  | 'payload';

/** One line of the explanation. */
export interface FieldLine {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly depth: number;
  readonly part: Part;
  readonly at: number;
  readonly length: number;
  readonly meaning: FieldMeaning | undefined;
}

export interface Explanation {
  readonly kind: string;
  readonly summary: string;
  readonly lines: readonly FieldLine[];
  /** For each octet what it is part of. */
  readonly parts: readonly Part[];
}

/** Explains a datagram octet by octet. */
export function explain({ bytes, carries }: Pick<Passage, 'bytes' | 'carries'>): Explanation {
  const { kind, summary, fields } = carries === 'IPv6' ? describePacket(bytes) : describe(bytes);
  const lines: FieldLine[] = [];
  const parts: Part[] = Array.from({ length: bytes.length }, () => 'payload');
  const walk = (list: readonly Field[], depth: number, above: Part) => {
    for (const field of list) {
      const part = partOf(field.name) ?? above;
      const isWrapper = field.name === 'teredo' || field.name === 'teredo.kind';
      if (!isWrapper) {
        lines.push({
          name: field.name,
          label: field.label,
          value: String(field.value),
          depth,
          part,
          at: field.at,
          length: field.length,
          meaning: fieldMeaning(field.name),
        });
        parts.fill(part, field.at, field.at + field.length);
      }
      walk(field.children, isWrapper ? depth : depth + 1, part);
    }
  };
  walk(fields, 0, 'payload');
  return { kind, summary, lines, parts };
}

/** The most exact line about an octet; undefined: none. */
export function lineAt(lines: readonly FieldLine[], octet: number): FieldLine | undefined {
  let best: FieldLine | undefined;
  for (const line of lines) {
    const isInside = octet >= line.at && octet < line.at + line.length;
    if (isInside && (best === undefined || line.length <= best.length)) best = line;
  }
  return best;
}

function partOf(name: string): Part | undefined {
  if (name.startsWith('teredo.auth')) return 'authentication';
  if (name.startsWith('teredo.orig')) return 'origin';
  if (name.startsWith('teredo.trailer')) return 'trailer';
  if (name === 'ipv6.src') return 'source';
  if (name === 'ipv6.dst') return 'destination';
  if (name === 'ipv6') return 'header';
  if (name === 'data.data') return 'payload';
  return /^(icmpv6|udp|tcp)$/.test(name) ? 'message' : undefined;
}
