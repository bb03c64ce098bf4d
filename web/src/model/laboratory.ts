import { batch, signal } from '@preact/signals';
import type { Scenario } from '../../../src/lab/scenario.ts';
import { walkthrough } from '../../../src/lab/scenarios/walkthrough.ts';
import { scenarioByName } from '../../../src/lab/scenarios.ts';
import { Crowd } from '../sources/crowd.ts';
import { type Played, play } from '../sources/sim.ts';
import { applyChanges, type Change, withChange } from './changes.ts';
import { fromFragment, toFragment } from './link.ts';
import { Player } from './player.ts';

/** The name of the crowd in links. */
const CROWD = 'crowd';

/** What is played in the page: a scenario, its seed, and what somebody changed. Each change plays it anew. */
export class Laboratory {
  readonly player: Player;
  readonly scenario = signal<Scenario>(walkthrough);
  readonly seed = signal(1);
  readonly changes = signal<readonly Change[]>([]);
  /** Why the last change could not be played; the one before stays. */
  readonly failure = signal<string | undefined>(undefined);
  /** What goes on while it is watched, in the place of a scenario. */
  readonly crowd = signal<Crowd | undefined>(undefined);
  #played: Played;

  /** `fragment`: of the address of the page, with what is to be restored. */
  constructor(fragment: string) {
    this.#played = play(walkthrough, 1);
    this.player = new Player(this.#played.recording);
    this.restore(fragment);
  }

  get played(): Played {
    return this.#played;
  }

  /** The scenario with the changes in it. */
  get changed(): Scenario {
    return applyChanges(this.scenario.value, this.changes.value);
  }

  open(scenario: Scenario, seed = 1): void {
    this.#play(scenario, seed, [], 0);
  }

  /** Opens the crowd. */
  gather(): void {
    const crowd = new Crowd(this.seed.value);
    batch(() => {
      this.crowd.value = crowd;
      this.player.pace.value = 'true';
      this.player.replace(crowd.recording, crowd.recording.endsAt);
      this.player.play();
    });
  }

  /** Lets this many real ms pass; a crowd is simulated meanwhile, for `budgetMs` at most. */
  tick(elapsedMs: number, budgetMs: number): void {
    const { player } = this;
    const crowd = this.crowd.value;
    if (crowd !== undefined && player.isPlaying.value) {
      const end = performance.now() + budgetMs;
      crowd.advance(player.instant.value + elapsedMs * player.speed.value, () => performance.now() >= end);
    }
    player.tick(elapsedMs);
  }

  reseed(seed: number): void {
    this.#play(this.scenario.value, seed, this.changes.value, this.player.instant.value);
  }

  /** Plays with one more change, at the same instant as before. */
  change(change: Change): void {
    const changes = withChange(this.changes.value, change);
    this.#play(this.scenario.value, this.seed.value, changes, this.player.instant.value);
  }

  undo(change: Change): void {
    const changes = this.changes.value.filter((one) => one !== change);
    this.#play(this.scenario.value, this.seed.value, changes, this.player.instant.value);
  }

  /** What restores all this. */
  get fragment(): string {
    if (this.crowd.value !== undefined) return `#scenario=${CROWD}`;
    const { instant, selected } = this.player;
    return toFragment({
      scenario: this.scenario.value.name,
      seed: this.seed.value,
      changes: this.changes.value,
      instant: instant.value,
      selected: selected.value === undefined ? undefined : selected.value + 1,
    });
  }

  restore(fragment: string): void {
    if (new URLSearchParams(fragment.slice(1)).get('scenario') === CROWD) {
      this.gather();
      return;
    }
    const { base, seed, changes, instant, selected } = fromFragment(fragment, scenarioByName, walkthrough);
    this.#play(base, seed, changes, instant);
    if (selected !== undefined) this.player.select(selected - 1);
  }

  #play(scenario: Scenario, seed: number, changes: readonly Change[], instant: number): void {
    try {
      const played = play(applyChanges(scenario, changes), seed);
      batch(() => {
        this.#played = played;
        if (this.crowd.value !== undefined) this.player.pace.value = 'story';
        this.crowd.value = undefined;
        this.scenario.value = scenario;
        this.seed.value = seed;
        this.changes.value = changes;
        this.failure.value = undefined;
        this.player.replace(played.recording, instant);
      });
    } catch (error) {
      this.failure.value = error instanceof Error ? error.message : String(error);
    }
  }
}
