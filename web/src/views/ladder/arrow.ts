import type { ChapterMark, Passage } from '../../model/recording.ts';

/** An arrow of the ladder in columns: where it begins, where it ends, which NATs it passes. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly passed: readonly number[];
  readonly isLost: boolean;
}

/** Columns of a passage in the ladder of its chapter. */
export function arrowOf(passage: Passage, columns: ChapterMark['columns']): Arrow {
  const stations = [passage.legs[0]!.from, ...passage.legs.map(({ to }) => to)].filter((name) => name !== '');
  const places = stations
    .map((name) => columns.findIndex(({ node, members }) => node === name || members?.has(name) === true))
    .filter((place) => place >= 0);
  return {
    from: places[0] ?? 0,
    to: places.at(-1) ?? 0,
    passed: places.slice(1, -1).filter((place) => columns[place]?.isNat === true),
    isLost: passage.loss !== undefined,
  };
}

/** "1.213", "38.72": seconds with about as many digits as there is room for. */
export function seconds(ms: number): string {
  const digits = String(Math.floor(ms / 1_000)).length;
  return (ms / 1_000).toFixed(Math.max(0, Math.min(3, 5 - digits)));
}
