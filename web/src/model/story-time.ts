/** A way to lay virtual time out for watching. */
export interface Timeline {
  readonly length: number;
  placeOf(instant: number): number;
  instantAt(place: number): number;
}

/** Virtual time as it is, for what goes on while it is watched. */
export function evenTime(now: () => number): Timeline {
  return {
    get length() {
      return now();
    },
    placeOf: (instant) => instant,
    instantAt: (place) => place,
  };
}

/**
 * Story time: virtual time, stretched where datagrams are on their way and shortened where nothing happens, so that
 * 12 ms between a client and its server and 27 s until the next keep-alive can both be watched.
 *
 * Units:  instants of virtual time in ms; places in story time in ms of watching at speed 1.
 * Shape:  both directions are monotone and meet at the ends; between two events time runs evenly.
 */
export class StoryTime implements Timeline {
  readonly length: number;
  readonly #instants: Float64Array;
  readonly #places: Float64Array;

  constructor(events: Iterable<number>, endsAt: number) {
    const instants = [...new Set([0, ...events, endsAt])].filter((at) => at >= 0 && at <= endsAt).sort((a, b) => a - b);
    this.#instants = Float64Array.from(instants);
    this.#places = new Float64Array(instants.length);
    for (let i = 1; i < instants.length; i++) {
      this.#places[i] = this.#places[i - 1]! + watchingMs(instants[i]! - instants[i - 1]!);
    }
    this.length = this.#places.at(-1) ?? 0;
  }

  /** Where an instant stands in the story. */
  placeOf(instant: number): number {
    return interpolate(this.#instants, this.#places, instant);
  }

  /** The instant at a place of the story. */
  instantAt(place: number): number {
    return interpolate(this.#places, this.#instants, place);
  }
}

/** Longest and shortest time to watch one gap, in ms. */
const WATCHED_MAX_MS = 1_500;
const WATCHED_MIN_MS = 90;

/** A crossing of some 10 ms takes half a second, a pause of half a minute hardly more than one. */
function watchingMs(gapMs: number): number {
  return Math.max(WATCHED_MIN_MS, Math.min(WATCHED_MAX_MS, 180 + 320 * Math.log10(1 + gapMs)));
}

function interpolate(from: Float64Array, to: Float64Array, value: number): number {
  const last = from.length - 1;
  if (last < 1 || value <= from[0]!) return to[0] ?? 0;
  if (value >= from[last]!) return to[last]!;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (from[middle]! <= value) low = middle;
    else high = middle;
  }
  const span = from[high]! - from[low]!;
  const share = span === 0 ? 0 : (value - from[low]!) / span;
  return to[low]! + share * (to[high]! - to[low]!);
}
