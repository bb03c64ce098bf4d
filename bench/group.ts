import type { Options } from './options.ts';
import type { Results } from './report.ts';
import type { Scene } from './scene.ts';

/** Measures that belong together and can be asked for by name. */
export interface Group {
  readonly name: string;
  /** Takes each contestant once. It is called again for each repetition, so that all share the machine's moods. */
  repeat(context: Context): Promise<void>;
}

export interface Context {
  readonly scene: Scene;
  readonly results: Results;
  readonly options: Options;
}
