import { type Player, SPEEDS } from '../model/player.ts';
import { rates } from '../model/rates.ts';
import { seconds } from './ladder/arrow.ts';
import { prefersStillness } from './theme.ts';

/** Time: play, pause, step, back, speed, and the whole story as a line to move along. */
export function Transport({ player }: { readonly player: Player }) {
  const isPlaying = player.isPlaying.value;
  return (
    <section class="transport" aria-label="Time">
      <div class="buttons">
        <button
          type="button"
          aria-label="Back to the beginning"
          title="Back to the beginning (Home)"
          onClick={() => player.seek(0)}
        >
          <Icon d="M5 5v14M19 5L9 12l10 7z" />
        </button>
        <button
          type="button"
          aria-label="One datagram back"
          title="One datagram back (←)"
          onClick={() => player.stepBack()}
        >
          <Icon d="M16 5L7 12l9 7z" />
        </button>
        <button
          type="button"
          class="play"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          title={isPlaying ? 'Pause (space)' : 'Play (space)'}
          onClick={() => player.toggle()}
        >
          <Icon d={isPlaying ? 'M8 5v14M16 5v14' : 'M7 4l13 8l-13 8z'} />
        </button>
        <button
          type="button"
          aria-label="Next datagram"
          title="Next datagram (→)"
          onClick={() => player.step(prefersStillness())}
        >
          <Icon d="M8 5l9 7l-9 7zM19.5 5v14" />
        </button>
      </div>
      <Track player={player} />
      <div class="pace">
        {player.recording.value.isLive && <Rates />}
        <Clock player={player} />
        <label>
          <span class="hidden">Speed</span>
          <select
            value={String(player.speed.value)}
            onChange={(event) => (player.speed.value = Number(event.currentTarget.value))}
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={String(speed)}>
                {speed}×
              </option>
            ))}
          </select>
        </label>
        <label>
          <span class="hidden">Pace</span>
          <select
            value={player.pace.value}
            onChange={(event) => (player.pace.value = event.currentTarget.value === 'true' ? 'true' : 'story')}
            title="Story time gives each datagram the time to be seen; true time is as the protocol has it"
          >
            <option value="story">story time</option>
            <option value="true">true time</option>
          </select>
        </label>
      </div>
    </section>
  );
}

/** How much is drawn and simulated, where that is the question. */
function Rates() {
  const { frames, datagrams } = rates.value;
  return (
    <output class="rates" data-frames={frames} data-datagrams={datagrams}>
      {frames} frames/s, {datagrams.toLocaleString('en')} datagrams/s
    </output>
  );
}

/** Chapters side by side, each as long as it takes to watch, and a handle below them. */
function Track({ player }: { readonly player: Player }) {
  const { chapters } = player.recording.value;
  const story = player.story.value;
  const total = Math.max(story.length, 1);
  return (
    <div class="track">
      <div class="chapters" aria-hidden="true">
        {chapters.map(({ title, startsAt, endsAt }, i) => (
          <span
            key={startsAt + title}
            class={i === player.chapter.value ? 'now' : ''}
            title={title}
            style={{ width: `${(100 * (story.placeOf(endsAt) - story.placeOf(startsAt))) / total}%` }}
          >
            {i + 1}
          </span>
        ))}
      </div>
      <Handle player={player} />
    </div>
  );
}

/** Moves with every frame, so that it stands by itself: nothing else is drawn anew for it. */
function Handle({ player }: { readonly player: Player }) {
  const { chapters, isLive } = player.recording.value;
  const story = player.story.value;
  if (isLive) player.told.value;
  const instant = isLive ? player.instant.peek() : player.instant.value;
  const total = Math.max(story.length, 1);
  const place = story.placeOf(instant);
  return (
    <input
      type="range"
      aria-label="Place in the story"
      aria-valuetext={`${seconds(instant)} seconds, ${chapters[player.chapter.value]?.title ?? ''}`}
      min="0"
      max={total}
      step="any"
      value={place}
      style={{ '--done': `${(100 * place) / total}%` }}
      onInput={(event) => {
        player.pause();
        player.selected.value = undefined;
        player.seek(story.instantAt(Number(event.currentTarget.value)));
      }}
    />
  );
}

function Clock({ player }: { readonly player: Player }) {
  return (
    <output class="clock" aria-label="Virtual time">
      {seconds(player.instant.value)} s
    </output>
  );
}

function Icon({ d }: { readonly d: string }) {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}
