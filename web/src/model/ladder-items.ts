import type { ChangeMark, ChapterMark, Outcome, Passage, Recording } from './recording.ts';

/** One line of the ladder, with its place: `top` and `height` in CSS pixels. */
export type LadderItem = { readonly at: number; readonly top: number; readonly height: number } & Content;

type Content =
  | { readonly type: 'chapter'; readonly chapter: number; readonly mark: ChapterMark }
  | { readonly type: 'passage'; readonly chapter: number; readonly passage: Passage }
  | { readonly type: 'outcome'; readonly chapter: number; readonly outcome: Outcome }
  | { readonly type: 'change'; readonly chapter: number; readonly change: ChangeMark };

export const heights = { chapter: 82, passage: 38, outcome: 30, change: 30 } as const;

/** Of what is live only the last lines stand in the ladder. */
const LIVE_LINES = 300;

/** Lines of the whole ladder in order of time, chapter by chapter; of a live one those before `told`. */
export function ladderItems(recording: Recording, told = 0): LadderItem[] {
  const { chapters, outcomes, changes } = recording;
  const passages = recording.isLive
    ? recording.passages.slice(Math.max(0, told - LIVE_LINES), told)
    : recording.passages;
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
    // What came of a step comes before what leaves at that very instant: that belongs to the next one.
    contents.push(...inside.toSorted((a, b) => a.at - b.at || rank(a) - rank(b)));
  }
  let top = 0;
  return contents.map((content) => {
    const item = { ...content, top, height: heights[content.type] };
    top += item.height;
    return item;
  });
}

function rank({ type }: Content): number {
  return type === 'passage' ? 1 : 0;
}

/** How many items there are at `instant`: the ladder grows with time. What leaves at that very instant is not there yet. */
export function shownBy(items: readonly LadderItem[], instant: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { at, type } = items[middle]!;
    if (type === 'passage' ? at < instant : at <= instant) low = middle + 1;
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
