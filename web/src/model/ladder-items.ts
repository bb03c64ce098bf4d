import type { ChangeMark, ChapterMark, Outcome, Passage, Recording } from './recording.ts';

/** One line of the ladder, with its place: `top` and `height` in CSS pixels. */
export type LadderItem = { readonly at: number; readonly top: number; readonly height: number } & Content;

type Content =
  | { readonly type: 'chapter'; readonly chapter: number; readonly mark: ChapterMark }
  | { readonly type: 'passage'; readonly chapter: number; readonly passage: Passage }
  | { readonly type: 'outcome'; readonly chapter: number; readonly outcome: Outcome }
  | { readonly type: 'change'; readonly chapter: number; readonly change: ChangeMark };

export const heights = { chapter: 56, passage: 38, outcome: 30, change: 30 } as const;

/** Lines of the whole ladder in order of time, chapter by chapter. */
export function ladderItems({ chapters, passages, outcomes, changes }: Recording): LadderItem[] {
  const contents: (Content & { readonly at: number })[] = [];
  const byChapter = <T extends { readonly chapter: number }>(list: readonly T[], chapter: number) =>
    list.filter((one) => one.chapter === chapter);
  for (const [chapter, mark] of chapters.entries()) {
    contents.push({ type: 'chapter', chapter, mark, at: mark.startsAt });
    const inside: (Content & { readonly at: number })[] = [
      ...byChapter(changes, chapter).map((change) => ({ type: 'change' as const, chapter, change, at: change.at })),
      ...byChapter(passages, chapter).map((passage) => ({
        type: 'passage' as const,
        chapter,
        passage,
        at: passage.at,
      })),
      ...byChapter(outcomes, chapter).map((outcome) => ({
        type: 'outcome' as const,
        chapter,
        outcome,
        at: outcome.at,
      })),
    ];
    contents.push(...inside.toSorted((a, b) => a.at - b.at));
  }
  let top = 0;
  return contents.map((content) => {
    const item = { ...content, top, height: heights[content.type] };
    top += item.height;
    return item;
  });
}

/** How many items there are by `instant`: the ladder grows with time. */
export function shownBy(items: readonly LadderItem[], instant: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (items[middle]!.at <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The item at a height; the last one below the end. */
export function itemAt(items: readonly LadderItem[], y: number): number {
  let [low, high] = [0, items.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (items[middle]!.top <= y) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}
