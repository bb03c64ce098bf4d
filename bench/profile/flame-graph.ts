/** Stacks as a flame graph: a picture of SVG whose widths are shares of time. */
import type { Stack } from './stacks.ts';

const WIDTH = 1200;
const ROW = 17;
const MARGIN = 10;
const TITLE = 30;
/** Narrower frames are left out: nobody could read them. */
const NARROWEST = 1.2;
const LETTER = 6.6;

interface Node {
  readonly children: Map<string, Node>;
  samples: number;
}

/** Draws all stacks, outermost frames at the bottom. Each frame tells its whole name and share when pointed at. */
export function flameGraph(title: string, stacks: readonly Stack[]): string {
  const root: Node = { children: new Map(), samples: 0 };
  for (const { frames, samples } of stacks) {
    root.samples += samples;
    let node = root;
    for (const name of frames) {
      const child = node.children.get(name) ?? { children: new Map(), samples: 0 };
      node.children.set(name, child);
      child.samples += samples;
      node = child;
    }
  }
  const scale = (WIDTH - 2 * MARGIN) / root.samples;
  const boxes: Box[] = [];
  place(root, 0, 0, scale, boxes);
  const rows = boxes.reduce((most, { depth }) => Math.max(most, depth + 1), 0);
  const height = TITLE + rows * ROW + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="20" font-size="14">${escapeXml(title)}</text>`,
    ...boxes.map((box) => draw(box, height, root.samples)),
    '</svg>\n',
  ].join('\n');
}

interface Box {
  readonly name: string;
  readonly samples: number;
  readonly depth: number;
  readonly x: number;
  readonly width: number;
}

function place(node: Node, depth: number, offset: number, scale: number, boxes: Box[]): void {
  let from = offset;
  for (const [name, child] of [...node.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const width = child.samples * scale;
    if (width >= NARROWEST) {
      boxes.push({ name, samples: child.samples, depth, x: MARGIN + from, width });
      place(child, depth + 1, from, scale, boxes);
    }
    from += width;
  }
}

function draw({ name, samples, depth, x, width }: Box, height: number, total: number): string {
  const y = height - MARGIN - (depth + 1) * ROW;
  const share = ((100 * samples) / total).toFixed(1);
  const letters = Math.floor((width - 4) / LETTER);
  const label = letters < 3 ? '' : name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
  return [
    `<g><title>${escapeXml(name)}, ${share} %</title>`,
    `<rect x="${x.toFixed(1)}" y="${y}" width="${(width - 0.4).toFixed(1)}" height="${ROW - 1}" fill="${colour(name)}"/>`,
    label === '' ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escapeXml(label)}</text>`,
    '</g>',
  ].join('');
}

/** The kernel in blue, our own code in orange, what carries it in grey. */
function colour(name: string): string {
  if (name.endsWith('_[k]')) return '#a8c8ec';
  if (name.startsWith('wasm') || name.includes('.js:')) return '#f2a65a';
  return '#d6d6d6';
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
