import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** WCAG 2.2 §1.4.3: text stands out from its ground by 4.5 to 1. */
const CONTRAST_MIN = 4.5;
const TEXTS = ['ink', 'muted', 'discovery', 'bubble', 'test', 'data', 'names', 'forged', 'lost'];
const GROUNDS = ['paper', 'raised', 'sunk'];
/** What is written on the chart and on coloured octets. */
const ON_CHART = ['ink', 'muted', 'lost'];
const CHART = ['land', 'sea', 'harbour'];

const css = readFileSync(new URL('../../web/src/style/tokens.css', import.meta.url), 'utf8');
const colours = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name!,
    { light: light!, dark: dark! },
  ]),
);

test.each(['light', 'dark'] as const)('every text of the page can be read on every ground: %s', (scheme) => {
  const parts = [...colours.keys()].filter((name) => name.startsWith('part-'));
  const pairs = [
    ...TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)),
    ...ON_CHART.flatMap((text) => CHART.map((ground) => [text, ground] as const)),
    ...parts.map((part) => ['ink', part] as const),
    ['paper', 'accent'] as const,
  ];
  const weak = pairs
    .map(([text, ground]) => ({ text, ground, contrast: contrast(of(text, scheme), of(ground, scheme)) }))
    .filter((pair) => pair.contrast < CONTRAST_MIN);
  expect(weak).toEqual([]);
  expect(parts).toHaveLength(8);
});

function of(name: string, scheme: 'light' | 'dark'): string {
  const colour = colours.get(name);
  if (colour === undefined) throw new Error(`tokens.css has no --${name}`);
  return colour[scheme];
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Relative luminance of "#rrggbb" (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
