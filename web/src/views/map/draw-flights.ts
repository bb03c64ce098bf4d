import type { Hue } from '../../model/hue.ts';
import { departedBy, type Leg, type Passage, type Recording } from '../../model/recording.ts';
import type { Timeline } from '../../model/story-time.ts';
import { between, type Layout, type Place } from './layout.ts';

/** Colours as the style sheet has them now. */
export interface Palette {
  readonly hues: Readonly<Record<Hue, string>>;
  readonly lost: string;
  readonly paper: string;
  readonly ink: string;
  readonly font: string;
}

/** ms of watching: how long a ring spreads where something arrived, or a cross stays where it ended. */
const RIPPLE_MS = 650;
/** Share of a way that the wake behind a datagram covers. */
const WAKE = 0.42;
const WAKE_STEPS = 12;
/** With more than this many on their way at once nobody reads names, and wakes cost too much. */
const NAMED_MAX = 5;
const WAKES_MAX = 60;
/** Where on its way something lost on a link is seen to end. */
const LOST_AT = 0.55;

export interface Scene {
  readonly recording: Recording;
  readonly story: Timeline;
  readonly layout: Layout;
  readonly instant: number;
  readonly current: Passage | undefined;
  readonly palette: Palette;
}

/** Draws everything that moves, in the units of the layout. Answers with how many datagrams were on their way. */
export function drawFlights(context: CanvasRenderingContext2D, scene: Scene, longestMs: number): number {
  const { recording, instant, story } = scene;
  const { passages } = recording;
  const place = story.placeOf(instant);
  const oldest = Math.min(instant - longestMs, story.instantAt(place - RIPPLE_MS) - longestMs);
  const first = departedBy(passages, oldest);
  const last = departedBy(passages, instant);
  const moving: Passage[] = [];
  for (let i = first; i < last; i++) {
    const passage = passages[i]!;
    if (passage.endsAt > instant) moving.push(passage);
    else if (last - first < WAKES_MAX * 4) drawEnd(context, scene, passage, place - story.placeOf(passage.endsAt));
  }
  for (const passage of moving) drawMoving(context, scene, passage, moving.length);
  return moving.length;
}

function drawMoving(context: CanvasRenderingContext2D, scene: Scene, passage: Passage, count: number): void {
  const { layout, instant, palette } = scene;
  const leg = passage.legs.findLast(({ at }) => at <= instant) ?? passage.legs[0]!;
  const ends = endsOf(layout, leg, passage);
  if (ends === undefined) return;
  const arrivesAt = leg.arrivesAt ?? passage.endsAt;
  const share = Math.min(1, (instant - leg.at) / Math.max(arrivesAt - leg.at, 0.001));
  const reached = leg.arrivesAt === undefined ? share * LOST_AT : share;
  const colour = palette.hues[passage.hue];
  const size = layout.isDense ? 2.6 : 8;
  const head = between(layout, ends[0], ends[1], reached);
  if (count <= WAKES_MAX) drawWake(context, layout, ends, reached, colour, size);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(head.x, head.y, size, 0, 2 * Math.PI);
  context.fill();
  if (layout.isDense) return;
  context.lineWidth = 2;
  context.strokeStyle = palette.paper;
  context.stroke();
  if (count <= NAMED_MAX) drawName(context, passage.label, head.x, head.y - 24, colour, palette);
}

function drawWake(
  context: CanvasRenderingContext2D,
  layout: Layout,
  [from, to]: readonly [Place, Place],
  reached: number,
  colour: string,
  size: number,
): void {
  context.strokeStyle = colour;
  context.lineCap = 'round';
  let before = between(layout, from, to, reached);
  for (let step = 1; step <= WAKE_STEPS; step++) {
    const share = reached - (WAKE * step) / WAKE_STEPS;
    if (share < 0) break;
    const point = between(layout, from, to, share);
    context.globalAlpha = 0.75 * (1 - step / (WAKE_STEPS + 1)) ** 1.4;
    context.lineWidth = size * 0.9 * (1 - (0.7 * step) / WAKE_STEPS);
    context.beginPath();
    context.moveTo(before.x, before.y);
    context.lineTo(point.x, point.y);
    context.stroke();
    before = point;
  }
  context.globalAlpha = 1;
}

/** A ring where it arrived, a cross where it ended. */
function drawEnd(context: CanvasRenderingContext2D, scene: Scene, passage: Passage, sinceMs: number): void {
  const isCurrent = scene.current === passage && passage.loss !== undefined;
  if (sinceMs > RIPPLE_MS && !isCurrent) return;
  const { layout, palette } = scene;
  const leg = passage.legs.at(-1)!;
  const ends = endsOf(layout, leg, passage);
  if (ends === undefined) return;
  const at = between(layout, ends[0], ends[1], leg.arrivesAt === undefined ? LOST_AT : 1);
  const age = Math.min(1, sinceMs / RIPPLE_MS);
  if (passage.loss !== undefined) {
    const size = layout.isDense ? 3 : 9;
    context.globalAlpha = isCurrent ? 1 : 1 - age ** 3;
    context.strokeStyle = palette.lost;
    context.lineWidth = layout.isDense ? 1.5 : 3.5;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(at.x - size, at.y - size);
    context.lineTo(at.x + size, at.y + size);
    context.moveTo(at.x + size, at.y - size);
    context.lineTo(at.x - size, at.y + size);
    context.stroke();
  } else {
    context.globalAlpha = 0.7 * (1 - age);
    context.strokeStyle = palette.hues[passage.hue];
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(at.x, at.y, (layout.isDense ? 3 : 14) + 22 * age * (layout.isDense ? 0.3 : 1), 0, 2 * Math.PI);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawName(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  { paper, font }: Palette,
): void {
  context.font = `600 17px ${font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const width = context.measureText(text).width + 18;
  context.fillStyle = paper;
  context.globalAlpha = 0.92;
  context.beginPath();
  context.roundRect(x - width / 2, y - 13, width, 26, 13);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = colour;
  context.fillText(text, x, y + 0.5);
}

/** Places of the two ends of a leg; what nobody has ends in the middle of the network. */
function endsOf(layout: Layout, leg: Leg, passage: Passage): readonly [Place, Place] | undefined {
  const from = layout.places.get(leg.from);
  if (from === undefined) return undefined;
  const nowhere: Place = {
    x: from.x,
    y: passage.carries === 'IPv6' ? from.y - 50 : (layout.shore + layout.moles) / 2,
    zone: 'sea',
  };
  return [from, layout.places.get(leg.to) ?? nowhere];
}
