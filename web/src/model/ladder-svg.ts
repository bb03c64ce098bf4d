import { type Hue, hueNames } from './hue.ts';
import { type LadderItem, ladderItems } from './ladder-items.ts';
import type { Recording } from './recording.ts';

/** Inks that are told apart on white paper, in the order of `Hue`. */
const INKS: Readonly<Record<Hue, string>> = {
  discovery: '#1d5fa8',
  bubble: '#a86200',
  test: '#7a3fa0',
  data: '#12744f',
  names: '#5c6670',
  forged: '#b01060',
};
const LOST = '#c02f1d';
const WIDTH = 1000;
const GUTTER = 70;
const HEAD = 46;

/** The whole ladder as a picture that stands by itself: fonts of the system, no script, nothing to fetch. */
export function ladderSvg(recording: Recording): string {
  const items = ladderItems(recording);
  const last = items.at(-1);
  const heads = recording.chapters.length * HEAD;
  const height = 60 + heads + (last === undefined ? 0 : last.top + last.height);
  let headsBefore = 0;
  const lines = items.map((item) => {
    if (item.type === 'chapter') headsBefore++;
    const drawn = draw(item, recording, 50 + item.top + (headsBefore - (item.type === 'chapter' ? 1 : 0)) * HEAD);
    return drawn;
  });
  const legend = (Object.entries(hueNames) as [Hue, string][]).map(
    ([hue, name], i) => `<tspan x="${20 + i * 160}" fill="${INKS[hue]}">● ${escaped(name)}</tspan>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui,sans-serif" font-size="12">`,
    `<title>${escaped(recording.title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text y="26">${legend.join('')}</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function draw(item: LadderItem, { chapters }: Recording, top: number): string {
  const columns = chapters[item.chapter]!.columns;
  const pitch = (WIDTH - GUTTER) / Math.max(1, columns.length);
  const x = (column: number) => Math.round(GUTTER + pitch * (column + 0.5));
  switch (item.type) {
    case 'chapter': {
      const names = columns.map(
        ({ node }, i) => `<text x="${x(i)}" y="${top + 80}" text-anchor="middle">${escaped(node)}</text>`,
      );
      const title = `<text x="20" y="${top + 44}" font-size="16" font-weight="600">${item.chapter + 1}. ${escaped(item.mark.title)}</text>`;
      return [title, ...names].join('');
    }
    case 'outcome': {
      const ink = item.outcome.isAsExpected ? INKS.data : LOST;
      const mark = item.outcome.isAsExpected ? '✓' : '✗';
      return `<text x="${GUTTER}" y="${top + 20}" fill="${ink}">${mark} ${escaped(item.outcome.text)}</text>`;
    }
    case 'change':
      return `<text x="${GUTTER}" y="${top + 20}" font-style="italic">◆ ${escaped(item.change.text)}</text>`;
    case 'passage': {
      const { passage } = item;
      const stations = [passage.legs[0]!.from, ...passage.legs.map(({ to }) => to)];
      const places = stations.map((name) => columns.findIndex(({ node }) => node === name)).filter((i) => i >= 0);
      const [start, end] = [x(places[0] ?? 0), x(places.at(-1) ?? 0)];
      const ink = passage.loss === undefined ? INKS[passage.hue] : LOST;
      const reach = start === end ? end + 24 : end;
      const way = reach > start ? -1 : 1;
      const head =
        passage.loss === undefined
          ? `<path d="M${reach} ${top + 25}l${8 * way} -4v8z" fill="${ink}"/>`
          : `<path d="M${reach - 4} ${top + 21}l8 8m0 -8l-8 8" stroke="${ink}" stroke-width="2"/>`;
      return [
        ...columns.map((_, i) => `<path d="M${x(i)} ${top}v38" stroke="#ccd3d9"/>`),
        `<text x="${GUTTER - 12}" y="${top + 29}" text-anchor="end" fill="#5c6670">${(passage.at / 1_000).toFixed(3)}</text>`,
        `<path d="M${start} ${top + 25}H${reach}" stroke="${ink}" stroke-width="1.6"/>`,
        head,
        `<text x="${(start + reach) / 2}" y="${top + 18}" text-anchor="middle" fill="${ink}">${escaped(passage.label)}</text>`,
        `<title>${escaped(`${passage.number}. ${passage.sentence}`)}</title>`,
      ]
        .join('')
        .replace(/^(.*)$/s, '<g>$1</g>');
    }
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
