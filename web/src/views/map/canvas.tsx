import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Hue } from '../../model/hue.ts';
import type { Player } from '../../model/player.ts';
import { theme } from '../theme.ts';
import { drawFlights, type Palette } from './draw-flights.ts';
import type { Layout } from './layout.ts';

const HUES: readonly Hue[] = ['discovery', 'bubble', 'test', 'data', 'names', 'forged'];
/** A screen with finer pixels than this gains nothing from them, and costs time. */
const SCALE_MAX = 2;

/** What is live does not tell beforehand how long its longest way takes; this is more than any, in ms. */
const LIVE_LONGEST_MS = 150;

/** Datagrams on their way, drawn over the chart: one canvas however many there are. */
export function FlightsCanvas({ player, layout }: { readonly player: Player; readonly layout: Layout }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    let palette = paletteOf(element);
    const resize = () => {
      const scale = Math.min(devicePixelRatio, SCALE_MAX);
      element.width = Math.round(element.clientWidth * scale);
      element.height = Math.round(element.clientHeight * scale);
      paint();
    };
    const paint = () => {
      const recording = player.recording.value;
      const factor = element.width / layout.width;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, element.width, element.height);
      context.setTransform(factor, 0, 0, factor, 0, 0);
      const scene = {
        recording,
        story: player.story.value,
        layout,
        instant: player.instant.value,
        current: player.current.value,
        palette,
      };
      drawFlights(context, scene, longestOf(player));
    };
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    const stop = effect(() => {
      theme.value;
      palette = paletteOf(element);
    });
    const stopPainting = effect(paint);
    return () => {
      observer.disconnect();
      stop();
      stopPainting();
    };
  }, [player, layout]);
  return <canvas class="flights" ref={canvas} aria-hidden="true" />;
}

function longestOf(player: Player): number {
  const { passages, isLive } = player.recording.peek();
  if (isLive) return LIVE_LONGEST_MS;
  const known = longest.get(passages);
  if (known !== undefined) return known;
  const value = passages.reduce((most, { at, endsAt }) => Math.max(most, endsAt - at), 0);
  longest.set(passages, value);
  return value;
}

const longest = new WeakMap<object, number>();

function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const hues = Object.fromEntries(HUES.map((hue) => [hue, value(`--${hue}`)])) as Record<Hue, string>;
  return { hues, lost: value('--lost'), paper: value('--paper'), ink: value('--ink'), font: value('--sans') };
}
