import type { Passage } from './recording.ts';

/** One line of a NAT's table at an instant, as its datagrams show it. */
export interface MappingLine {
  readonly inside: string;
  readonly external: string;
  /** Whom the inside endpoint wrote to by it, latest last. */
  readonly remotes: readonly string[];
  /** ms since it was last used from inside. */
  readonly idleMs: number;
}

/**
 * The mappings of a NAT, read off the datagrams that passed it by `instant`.
 *
 * Shape:  a mapping that was not used from inside for `lifetimeMs` is gone (RFC 4787 §4.3), and so is everything
 *         before `since`, when another NAT took this one's place.
 */
export function mappingsAt(
  passages: readonly Passage[],
  nat: string,
  instant: number,
  lifetimeMs: number,
  since = 0,
): MappingLine[] {
  const lines = new Map<string, { inside: string; external: string; remotes: Set<string>; usedAt: number }>();
  for (const { legs, at } of passages) {
    if (at > instant) break;
    for (let i = 0; i + 1 < legs.length; i++) {
      const [before, after] = [legs[i]!, legs[i + 1]!];
      if (before.to !== nat || after.at > instant || after.at < since || before.source === after.source) continue;
      const key = `${before.source} ${after.source}`;
      const known = lines.get(key);
      const isOver = known !== undefined && after.at - known.usedAt >= lifetimeMs;
      const line =
        known === undefined || isOver
          ? { inside: before.source, external: after.source, remotes: new Set<string>(), usedAt: 0 }
          : known;
      line.remotes.delete(before.destination);
      line.remotes.add(before.destination);
      line.usedAt = after.at;
      lines.set(key, line);
    }
  }
  return [...lines.values()]
    .map(({ inside, external, remotes, usedAt }) => ({
      inside,
      external,
      remotes: [...remotes],
      idleMs: instant - usedAt,
    }))
    .filter(({ idleMs }) => idleMs < lifetimeMs);
}
