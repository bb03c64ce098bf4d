import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { departedBy, type Passage, type Recording } from './recording.ts';
import { StoryTime } from './story-time.ts';

/** `story`: each datagram gets its time; `true`: virtual time passes like real time. */
export type Pace = 'story' | 'true';

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8];

/** Just before a datagram leaves, in ms. */
const BEFORE_MS = 0.001;

/** Where in a recording the page is, and whether it moves on. Going back is as quick as going on: nothing is run again. */
export class Player {
  readonly recording: Signal<Recording>;
  readonly story: ReadonlySignal<StoryTime>;
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
  /** What is told and explained now: under the pointer, chosen, or the newest. */
  readonly current: ReadonlySignal<Passage | undefined>;
  readonly chapter: ReadonlySignal<number>;
  /** Playing ends here: the end of a step. */
  #stopAt = Number.POSITIVE_INFINITY;

  constructor(recording: Recording) {
    this.recording = signal(recording);
    this.story = computed(() => storyOf(this.recording.value));
    this.departed = computed(() => departedBy(this.recording.value.passages, this.instant.value));
    this.current = computed(() => {
      const { passages } = this.recording.value;
      return passages[this.hovered.value ?? this.selected.value ?? this.departed.value - 1];
    });
    this.chapter = computed(() => {
      const at = this.instant.value;
      const last = this.recording.value.chapters.findLastIndex(({ startsAt }) => startsAt <= at);
      const told = this.recording.value.passages[this.departed.value - 1]?.chapter ?? 0;
      // A chapter begins when the one before has ended: at the very instant both would do.
      return Math.max(told, this.recording.value.chapters[last]?.startsAt === at ? last - 1 : last, 0);
    });
  }

  get isAtEnd(): boolean {
    return this.instant.value >= this.recording.value.endsAt;
  }

  play(): void {
    if (this.isAtEnd) this.instant.value = 0;
    this.selected.value = undefined;
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.isPlaying.value = true;
  }

  pause(): void {
    this.isPlaying.value = false;
    this.#stopAt = Number.POSITIVE_INFINITY;
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
      this.instant.value = goal;
    } else {
      if (next !== undefined) this.instant.value = next.at;
      this.#stopAt = goal;
      this.isPlaying.value = true;
    }
  }

  /** To just before the newest datagram left. */
  stepBack(): void {
    this.pause();
    this.selected.value = undefined;
    const newest = this.recording.value.passages[this.departed.value - 1];
    this.instant.value = newest === undefined ? 0 : Math.max(0, newest.at - BEFORE_MS);
  }

  seek(instant: number): void {
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.instant.value = Math.max(0, Math.min(instant, this.recording.value.endsAt));
  }

  /** Shows one passage: it has just arrived. */
  select(index: number): void {
    this.pause();
    const passage = this.recording.value.passages[index];
    if (passage === undefined) return;
    this.selected.value = index;
    if (passage.at > this.instant.value) this.seek(passage.endsAt);
  }

  /** Puts another recording in its place, at the same instant as far as it goes. */
  replace(recording: Recording, instant = this.instant.value): void {
    this.pause();
    this.selected.value = undefined;
    this.hovered.value = undefined;
    this.recording.value = recording;
    this.instant.value = Math.min(instant, recording.endsAt);
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
    if (next >= end) this.pause();
  }
}

function storyOf({ passages, chapters, outcomes, endsAt }: Recording): StoryTime {
  const instants: number[] = [];
  for (const { legs, endsAt: end } of passages) {
    for (const { at } of legs) instants.push(at);
    instants.push(end);
  }
  for (const { startsAt } of chapters) instants.push(startsAt);
  for (const { at } of outcomes) instants.push(at);
  return new StoryTime(instants, endsAt);
}
