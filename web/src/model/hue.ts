/** What a datagram is for; each has one colour, the same in the map, the ladder and the tables. */
export type Hue = 'discovery' | 'bubble' | 'test' | 'data' | 'names' | 'forged';

export const hueNames: Readonly<Record<Hue, string>> = {
  discovery: 'solicitation, advertisement',
  bubble: 'bubble',
  test: 'connectivity test',
  data: 'data',
  names: 'DNS',
  forged: 'forged',
};

/** By the kind and the label that the story gives a datagram (`lab/rows.ts`). */
export function hueOf(kind: string, label: string, isForged: boolean): Hue {
  if (isForged) return 'forged';
  if (kind.startsWith('router')) return 'discovery';
  if (kind.endsWith('bubble')) return 'bubble';
  if (kind.startsWith('DNS')) return 'names';
  return kind === 'connectivity test' || label === 'test' || label === 'reply' ? 'test' : 'data';
}
