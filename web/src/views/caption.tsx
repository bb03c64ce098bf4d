import { hueNames } from '../model/hue.ts';
import type { Player } from '../model/player.ts';
import { seconds } from './ladder/arrow.ts';

/** What happens now, in one or two sentences: large enough for the last row of a class room. */
export function Caption({ player }: { readonly player: Player }) {
  const passage = player.current.value;
  const { chapters, about } = player.recording.value;
  const number = player.chapter.value;
  const chapter = chapters[passage?.chapter ?? number];
  const place = (passage?.chapter ?? number) + 1;
  return (
    <section class="caption" aria-label="What happens now">
      <p class="where">
        <b>{place}</b> {chapter?.title}
      </p>
      {passage === undefined ? (
        <p class="sentence">{chapter?.about === undefined || chapter.about === '' ? about : chapter.about}</p>
      ) : (
        <>
          <p class="sentence" aria-live="polite">
            {passage.sentence}
          </p>
          <p class="facts">
            <span class={`chip ${passage.loss === undefined ? passage.hue : 'lost'}`} title={hueNames[passage.hue]}>
              {passage.label}
            </span>
            <span>
              {passage.from} → {passage.to}
            </span>
            <span>{seconds(passage.at)} s</span>
            {passage.cause !== undefined && (
              <button type="button" class="link" onClick={() => player.select(passage.cause!)}>
                caused by {player.recording.value.passages[passage.cause]!.number}
              </button>
            )}
          </p>
        </>
      )}
    </section>
  );
}
