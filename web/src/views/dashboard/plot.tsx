import { type Signal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { SHOWN_MS } from '../../model/traffic.ts';
import { theme } from '../theme.ts';

export interface PlotData {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** One list for each line; NaN: a gap. */
  readonly lines: readonly (readonly number[])[];
}

interface Props {
  readonly data: Signal<PlotData>;
  /** Names of lines and of the colours they have, for instance "data". */
  readonly lines: readonly { readonly name: string; readonly colour: string }[];
  /** A value beside the axis. */
  readonly told: (value: number) => string;
  /** How far the axis reaches at least. */
  readonly least: number;
  readonly height: number;
  readonly label: string;
}

/** Lines over time. Who does not see them has the table beside. */
export function Plot({ data, lines, told, least, height, label }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const build = () => {
      plot.current?.destroy();
      plot.current = new UPlot(options(element, { lines, told, least, height }), aligned(data.peek()), element);
    };
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', build);
    const stop = theme.subscribe(() => requestAnimationFrame(build));
    build();
    return () => {
      stop();
      observer.disconnect();
      scheme.removeEventListener('change', build);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [height, told, least]);
  useSignalEffect(() => {
    const points = aligned(data.value);
    if (!document.hidden) plot.current?.setData(points);
  });
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}

function options(
  element: HTMLElement,
  { lines, told, least, height }: Pick<Props, 'lines' | 'told' | 'least' | 'height'>,
): ConstructorParameters<typeof UPlot>[0] {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const font = `12px ${colour('sans')}`;
  const axis = {
    stroke: colour('muted'),
    font,
    grid: { stroke: colour('rule'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 30, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: ({ data: [times] }) => reach(times[0]) },
      // What is next to nothing shall look so.
      y: { range: (_, _least, most) => [0, Math.max(least, (most || 0) * 1.15)] },
    },
    axes: [
      { ...axis, space: 90, size: 26, values: '{HH}:{mm}:{ss}' },
      { ...axis, space: height < 120 ? 22 : 34, size: 84, values: (_, splits) => splits.map(told) },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: hue }) => ({
        label: name,
        stroke: colour(hue),
        width: 1.8,
        points: { show: false },
      })),
    ],
  };
}

/** From the first point on, but a minute at least and SHOWN_MS at most; in seconds. */
function reach(first: number | undefined): [number, number] {
  const now = Date.now() / 1_000;
  return [Math.max(now - SHOWN_MS / 1_000, Math.min(first ?? now, now - 60)), now];
}

function aligned({ times, lines }: PlotData): [number[], ...(number | null)[][]] {
  return [[...times], ...lines.map((line) => line.map((value) => (Number.isNaN(value) ? null : value)))];
}
