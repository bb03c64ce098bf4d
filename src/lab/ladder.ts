import { type Paint, wrap } from './text.ts';

/** One column of a ladder: a node. */
export interface LadderColumn {
  readonly node: string;
  /** Drawn with another mark where an arrow passes: a NAT rewrites what it forwards. */
  readonly isNat: boolean;
}

/** One arrow of a ladder. */
export interface LadderRow {
  readonly number: number;
  /** ms since the beginning. */
  readonly at: number;
  /** Nodes in the order of the way; the last one is where the packet arrived or ended. */
  readonly path: readonly string[];
  readonly label: string;
  /** Where the label does not fit. */
  readonly shortLabel: string;
  readonly sentence: string;
  readonly isLost: boolean;
  /** How the arrow is painted: by what it carries. */
  readonly colour: 'plain' | 'control' | 'bubble' | 'data';
}

/** Characters: the time; the number of a row; the sentence beside its arrow; a column, from narrow to wide. */
const GUTTER = 8;
const NUMBER = 5;
const TEXT_MIN = 34;
const PITCH_MIN = 9;
const PITCH_MAX = 16;

/**
 * Draws a ladder: time goes down, each node has a line, each packet an arrow and a sentence.
 *
 * Units:  `width` in characters of the terminal.
 * Shape:  the sentence stands beside its arrow where there is room for it, else below. More nodes than fit side by
 *         side are not drawn but named: "client > NAT > server".
 */
export function drawLadder(
  columns: readonly LadderColumn[],
  rows: readonly LadderRow[],
  width: number,
  paint: Paint,
): string[] {
  const longest = Math.max(...columns.map((column) => column.node.length));
  const wanted = Math.min(PITCH_MAX, Math.max(columns.length < 3 ? PITCH_MAX : PITCH_MIN, longest + 1));
  const beside = width - GUTTER - columns.length * wanted - NUMBER >= TEXT_MIN;
  const room = Math.floor((width - GUTTER) / columns.length);
  const pitch = beside ? wanted : Math.max(PITCH_MIN, Math.min(PITCH_MAX, room));
  if (GUTTER + columns.length * pitch > width) return drawList(rows, width, paint);
  const ladder = new Ladder(columns, pitch, paint);
  const lines = ladder.head();
  for (const row of rows) lines.push(...(beside ? ladder.rowBeside(row, width) : ladder.rowAbove(row, width)));
  return lines;
}

function drawList(rows: readonly LadderRow[], width: number, paint: Paint): string[] {
  return rows.flatMap((row) => {
    const time = paint.dim(seconds(row.at).padStart(GUTTER - 1));
    const way = wrap(`${row.path.join(' > ')}${row.isLost ? ' ✗' : ''}: ${row.label}`, width - GUTTER - NUMBER);
    const sentence = wrap(row.sentence, width - GUTTER - NUMBER);
    const indent = ' '.repeat(GUTTER + NUMBER);
    const first = `${time} ${paint.bold(String(row.number).padStart(NUMBER - 2))}  ${paint.cyan(way[0] ?? '')}`;
    const rest = [...way.slice(1).map(paint.cyan), ...sentence].map((line) => `${indent}${line}`);
    return [first, ...rest, ''];
  });
}

class Ladder {
  readonly #columns: readonly LadderColumn[];
  readonly #pitch: number;
  readonly #paint: Paint;

  constructor(columns: readonly LadderColumn[], pitch: number, paint: Paint) {
    this.#columns = columns;
    this.#pitch = pitch;
    this.#paint = paint;
  }

  /** The names of the nodes, above their lines; a name too long for its column takes more than one line. */
  head(): string[] {
    const names = this.#columns.map((column) => wrap(column.node, this.#pitch - 1));
    const height = Math.max(...names.map((name) => name.length));
    const lines: string[] = [];
    for (let line = 0; line < height; line++) {
      const words = names.map((name) => name[line - (height - name.length)] ?? '');
      lines.push(this.#paint.bold(`${' '.repeat(GUTTER)}${words.map((word) => centre(word, this.#pitch)).join('')}`));
    }
    return lines.map((line) => line.trimEnd());
  }

  rowBeside(row: LadderRow, width: number): string[] {
    const textWidth = width - GUTTER - this.#columns.length * this.#pitch - NUMBER;
    const text = wrap(row.sentence, textWidth);
    const height = Math.max(3, text.length + 1);
    const lines: string[] = [];
    for (let line = 0; line < height; line++) {
      const number = line === 0 ? this.#paint.bold(String(row.number).padStart(3)) : '   ';
      lines.push(`${this.#ladderLine(row, line)} ${number} ${text[line] ?? ''}`.trimEnd());
    }
    return lines;
  }

  rowAbove(row: LadderRow, width: number): string[] {
    const indent = ' '.repeat(4);
    const text = wrap(row.sentence, width - 5);
    const number = this.#paint.bold(String(row.number).padStart(3));
    return [
      this.#ladderLine(row, 0).trimEnd(),
      this.#ladderLine(row, 1).trimEnd(),
      ...text.map((line, i) => (i === 0 ? `${number} ${line}` : `${indent}${line}`)),
      '',
    ];
  }

  /** Line 0 has the time and the label, line 1 the arrow, the rest only the lines of the nodes. */
  #ladderLine(row: LadderRow, line: number): string {
    const { dim } = this.#paint;
    const time = line === 0 ? dim(`${seconds(row.at).padStart(GUTTER - 1)} `) : ' '.repeat(GUTTER);
    const cells: Cell[] = Array.from({ length: this.#columns.length * this.#pitch }, () => ({
      mark: ' ',
      style: 'line',
    }));
    for (let column = 0; column < this.#columns.length; column++) cells[this.#centreOf(column)]!.mark = '│';
    if (line === 0) this.#putLabel(cells, row);
    if (line === 1) this.#putArrow(cells, row);
    return time + this.#render(cells, row);
  }

  #putLabel(cells: Cell[], row: LadderRow): void {
    const [first, last] = this.#ends(row);
    const [left, right] = first < last ? [first, last] : [last, first];
    const from = this.#centreOf(left) + 1;
    const space = left === right ? Math.floor(this.#pitch / 2) : this.#centreOf(right) - from;
    const label = row.label.length > space ? row.shortLabel.slice(0, Math.max(1, space)) : row.label;
    const at = from + Math.max(0, Math.floor((space - label.length) / 2));
    for (let i = 0; i < label.length; i++) cells[at + i] = { mark: label[i]!, style: 'label' };
  }

  #putArrow(cells: Cell[], row: LadderRow): void {
    const [first, last] = this.#ends(row);
    if (first === last) {
      // It got no further than the network of its sender.
      cells[this.#centreOf(first)] = { mark: '├', style: 'line' };
      cells[this.#centreOf(first) + 1] = { mark: '─', style: 'arrow' };
      cells[this.#centreOf(first) + 2] = { mark: '✗', style: 'lost' };
      return;
    }
    const step = first < last ? 1 : -1;
    const [start, end] = [this.#centreOf(first), this.#centreOf(last)];
    for (let at = start + step; at !== end; at += step) cells[at] = { mark: '─', style: 'arrow' };
    for (let column = first + step; column !== last; column += step) {
      const passes = row.path.includes(this.#columns[column]!.node);
      const mark = passes ? (this.#columns[column]!.isNat ? '◆' : '┼') : '┼';
      cells[this.#centreOf(column)] = { mark, style: 'arrow' };
    }
    cells[start] = { mark: step > 0 ? '├' : '┤', style: 'line' };
    if (row.isLost) cells[end] = { mark: '✗', style: 'lost' };
    else cells[end - step] = { mark: step > 0 ? '▶' : '◀', style: 'arrow' };
  }

  #render(cells: readonly Cell[], row: LadderRow): string {
    let line = '';
    for (let at = 0; at < cells.length; ) {
      const { style } = cells[at]!;
      let run = '';
      for (; at < cells.length && cells[at]!.style === style; at++) run += cells[at]!.mark;
      line += this.#style(style, row)(run);
    }
    return line;
  }

  #style(style: Cell['style'], row: LadderRow): (text: string) => string {
    const paint = this.#paint;
    if (style === 'line') return paint.dim;
    if (style === 'lost') return paint.red;
    if (row.isLost) return paint.red;
    if (row.colour === 'control') return paint.cyan;
    if (row.colour === 'bubble') return paint.yellow;
    return row.colour === 'data' ? paint.green : paint.plain;
  }

  #ends(row: LadderRow): [number, number] {
    return [this.#indexOf(row.path[0]!), this.#indexOf(row.path.at(-1)!)];
  }

  #indexOf(node: string): number {
    return this.#columns.findIndex((column) => column.node === node);
  }

  #centreOf(column: number): number {
    return column * this.#pitch + Math.floor(this.#pitch / 2);
  }
}

interface Cell {
  mark: string;
  style: 'line' | 'label' | 'arrow' | 'lost';
}

function centre(text: string, width: number): string {
  const left = Math.max(0, Math.floor(width / 2) - Math.floor(text.length / 2));
  return `${' '.repeat(left)}${text}`.padEnd(width);
}

/** At most GUTTER - 1 characters for as long as a day. */
function seconds(ms: number): string {
  const digits = String(Math.floor(ms / 1_000)).length;
  return (ms / 1_000).toFixed(Math.max(0, Math.min(3, 6 - digits)));
}
