import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { departedBy, type Passage, type Recording } from './recording.ts';
import { evenTime, StoryTime, type Timeline } from './story-time.ts';

/** `story`: each datagram gets its time; `true`: virtual time passes like real time. */
export type Pace = 'story' | 'true';

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8];

/** Between two looks of a reader at what changes all the time, in ms. */
const TOLD_MS = 90;
const LIVE_TOLD_MS = 400;

/** Where in a recording the page is, and whether it moves on. Going back is as quick as going on: nothing is run again. */
export class Player {
  readonly recording: Signal<Recording>;
  readonly story: ReadonlySignal<Timeline>;
  /** ms of virtual time. */
  readonly instant = signal(0);
  readonly isPlaying = signal(false);
  readonly speed = signal(1);
  readonly pace = signal<Pace>('story');
  /** Places of passages: chosen by a click, and under the pointer. */
  readonly selected = signal<number | undefined>(undefined);
  readonly hovered = signal<number | undefined>(undefined);
  /** How many passages have left. */
  readonly departed: ReadonlySignal<number>;
  /** The same for all that is read rather than watched: while time flies, it follows a few times a second. */
  readonly told = signal(0);
  /** What is told and explained now: under the pointer, chosen, or the newest. */
  readonly current: ReadonlySignal<Passage | undefined>;
  readonly chapter: ReadonlySignal<number>;
  /** Playing ends here: the end of a step. */
  #stopAt = Number.POSITIVE_INFINITY;
  #sinceToldMs = 0;

  constructor(recording: Recording) {
    this.recording = signal(recording);
    this.story = computed(() => storyOf(this.recording.value));
    this.departed = computed(() => departedBy(this.recording.value.passages, this.instant.value));
    this.current = computed(() => {
      const { passages } = this.recording.value;
      return passages[this.hovered.value ?? this.selected.value ?? this.told.value - 1];
    });
    this.chapter = computed(() => {
      const at = this.instant.value;
      const last = this.recording.value.chapters.findLastIndex(({ startsAt }) => startsAt <= at);
      const told = this.recording.value.passages[this.told.value - 1]?.chapter ?? 0;
      // A chapter begins when the one before has ended: at the very instant both would do.
      return Math.max(told, this.recording.value.chapters[last]?.startsAt === at ? last - 1 : last, 0);
    });
  }

  get isAtEnd(): boolean {
    return this.instant.value >= this.recording.value.endsAt;
  }

  play(): void {
    if (this.isAtEnd && !this.recording.value.isLive) this.seek(0);
    this.selected.value = undefined;
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.isPlaying.value = true;
  }

  pause(): void {
    this.isPlaying.value = false;
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.#tell();
  }

  toggle(): void {
    if (this.isPlaying.value) this.pause();
    else this.play();
  }

  /** To the arrival of the next datagram; `isAtOnce`: without showing its way. */
  step(isAtOnce: boolean): void {
    // A step during a step ends the first one.
    if (this.isPlaying.value && this.#stopAt < Number.POSITIVE_INFINITY) this.instant.value = this.#stopAt;
    this.pause();
    this.selected.value = undefined;
    const { passages, endsAt } = this.recording.value;
    const next = passages[this.departed.value];
    const goal = next === undefined ? endsAt : next.endsAt;
    if (isAtOnce) {
      this.seek(goal);
    } else {
      if (next !== undefined) this.seek(next.at);
      this.#stopAt = goal;
      this.isPlaying.value = true;
    }
  }

  /** To the instant at which the newest datagram leaves. */
  stepBack(): void {
    this.pause();
    this.selected.value = undefined;
    const newest = this.recording.value.passages[this.departed.value - 1];
    this.seek(newest?.at ?? 0);
  }

  seek(instant: number): void {
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.instant.value = Math.max(0, Math.min(instant, this.recording.value.endsAt));
    this.#tell();
  }

  /** Shows one passage: it has just arrived. */
  select(index: number): void {
    this.pause();
    const passage = this.recording.value.passages[index];
    if (passage === undefined) return;
    this.selected.value = index;
    if (passage.at >= this.instant.value) this.seek(passage.endsAt);
  }

  /** Puts another recording in its place, at the same instant as far as it goes. */
  replace(recording: Recording, instant = this.instant.value): void {
    this.pause();
    this.selected.value = undefined;
    this.hovered.value = undefined;
    this.recording.value = recording;
    this.seek(instant);
  }

  /** Lets this many real ms pass. */
  tick(elapsedMs: number): void {
    if (!this.isPlaying.value) return;
    const watchedMs = elapsedMs * this.speed.value;
    const now = this.instant.value;
    const story = this.story.value;
    const next = this.pace.value === 'true' ? now + watchedMs : story.instantAt(story.placeOf(now) + watchedMs);
    const end = Math.min(this.#stopAt, this.recording.value.endsAt);
    this.instant.value = Math.min(next, end);
    this.#sinceToldMs += elapsedMs;
    if (this.#sinceToldMs >= (this.recording.value.isLive ? LIVE_TOLD_MS : TOLD_MS)) this.#tell();
    // What is live ends where it has come to, and goes on from there.
    if (next >= end && !this.recording.value.isLive) this.pause();
  }

  #tell(): void {
    this.#sinceToldMs = 0;
    this.told.value = this.departed.value;
  }
}

function storyOf(recording: Recording): Timeline {
  if (recording.isLive) return evenTime(() => recording.endsAt);
  const { passages, chapters, outcomes, endsAt } = recording;
  const instants: number[] = [];
  for (const { legs, endsAt: end } of passages) {
    for (const { at } of legs) instants.push(at);
    instants.push(end);
  }
  for (const { startsAt } of chapters) instants.push(startsAt);
  for (const { at } of outcomes) instants.push(at);
  return new StoryTime(instants, endsAt);
}
