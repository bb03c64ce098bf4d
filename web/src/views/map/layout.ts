import type { NetworkNode } from '../../model/network.ts';

/**
 * Where things stand on the chart, in its own units.
 *
 * The native IPv6 Internet is the land at the top, the IPv4 Internet the sea below it. Whoever has both - servers,
 * relays, dual-stack hosts - stands on the shore; NATs are the moles at the bottom, with their clients in the harbour
 * behind them.
 */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Place>;
  /** y of the shore and of the moles. */
  readonly shore: number;
  readonly moles: number;
  /** Half the width that a node and its name may take. */
  readonly reach: number;
  /** Many nodes: small marks, no names. */
  readonly isDense: boolean;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly zone: Zone;
}

type Zone = 'land' | 'shore' | 'sea' | 'mole' | 'harbour';

export interface Point {
  readonly x: number;
  readonly y: number;
}

const DENSE_FROM = 40;
const SHORE_KINDS = new Set(['server', 'relay', 'dual-stack host']);

/** Lays nodes out; `isNarrow` for a telephone held upright. Same nodes, same places. */
export function layOut(nodes: readonly NetworkNode[], isNarrow: boolean): Layout {
  const width = isNarrow ? 560 : 1000;
  const height = isNarrow ? 720 : 640;
  const [land, shore, sea, moles, harbour] = isNarrow ? [72, 212, 372, 496, 604] : [76, 200, 322, 438, 534];
  const places = new Map<string, Place>();
  const isDense = nodes.length >= DENSE_FROM;
  const native = nodes.filter(({ kind }) => kind === 'IPv6 host');
  const onShore = nodes.filter(({ kind }) => SHORE_KINDS.has(kind));
  const afloat = nodes.filter(({ kind, behind }) => {
    return kind === 'name server' || kind === 'IPv4 host' || (kind === 'client' && behind === undefined);
  });
  const nats = nodes.filter(({ kind, behind }) => kind === 'NAT' && behind === undefined);
  spread(native, width, land, 'land', places);
  spread(onShore, width, shore, 'shore', places);
  beside(afloat, width, sea, places);
  const rows = isDense ? Math.ceil(nats.length / Math.floor(width / 22)) : 1;
  for (const [index, nat] of nats.entries()) {
    const perRow = Math.ceil(nats.length / rows);
    const row = Math.floor(index / perRow);
    const inRow = Math.min(perRow, nats.length - row * perRow);
    const x = (width * ((index % perRow) + 0.5)) / inRow;
    const depth = isDense ? row * ((height - moles - 40) / rows) : 0;
    places.set(nat.name, { x, y: moles + depth, zone: 'mole' });
    behind(nat.name, nodes, x, moles + depth, isDense ? 18 : harbour - moles, width / inRow, places);
  }
  const widest = Math.max(native.length, onShore.length, nats.length, 1);
  return { width, height, places, shore, moles, reach: width / widest / 2, isDense };
}

/** A point of the way between two places: a curve that keeps to the water, or to the land, they share. */
export function between(layout: Layout, from: Place, to: Place, share: number): Point {
  const bend = bendOf(layout, from, to);
  const rest = 1 - share;
  return {
    x: rest * rest * from.x + 2 * rest * share * bend.x + share * share * to.x,
    y: rest * rest * from.y + 2 * rest * share * bend.y + share * share * to.y,
  };
}

/** The same way as an SVG path. */
export function pathBetween(layout: Layout, from: Place, to: Place): string {
  const bend = bendOf(layout, from, to);
  return `M${round(from.x)} ${round(from.y)}Q${round(bend.x)} ${round(bend.y)} ${round(to.x)} ${round(to.y)}`;
}

/** The control point: nodes beside one another bow into what lies between the shores. */
function bendOf(layout: Layout, from: Place, to: Place): Point {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const distance = Math.abs(from.x - to.x);
  if (from.zone === 'shore' && to.zone === 'shore') return { x: middle.x, y: middle.y + 30 + distance * 0.28 };
  if (from.zone === 'mole' && to.zone === 'mole') {
    return { x: middle.x, y: Math.max(layout.shore + 60, middle.y - 60 - distance * 0.3) };
  }
  if (from.zone === 'land' && to.zone === 'land') return { x: middle.x, y: middle.y - 40 };
  const isAcross = from.zone !== to.zone && from.zone !== 'harbour' && to.zone !== 'harbour';
  return isAcross ? { x: middle.x + (to.y - from.y) * 0.08, y: middle.y } : middle;
}

function spread(nodes: readonly NetworkNode[], width: number, y: number, zone: Zone, places: Map<string, Place>): void {
  for (const [index, { name }] of nodes.entries()) {
    places.set(name, { x: (width * (index + 0.5)) / nodes.length, y, zone });
  }
}

/** Along the edges of the sea, so that its middle is free for traffic. */
function beside(nodes: readonly NetworkNode[], width: number, y: number, places: Map<string, Place>): void {
  for (const [index, { name }] of nodes.entries()) {
    const step = Math.floor(index / 2) * 150;
    places.set(name, { x: index % 2 === 0 ? 84 + step : width - 84 - step, y, zone: 'sea' });
  }
}

/** Whatever stands behind a NAT, further NATs included, below it. */
function behind(
  nat: string,
  nodes: readonly NetworkNode[],
  x: number,
  y: number,
  drop: number,
  room: number,
  places: Map<string, Place>,
): void {
  const inside = nodes.filter((node) => node.behind === nat);
  for (const [index, { name, kind }] of inside.entries()) {
    const here = x - room / 2 + (room * (index + 0.5)) / inside.length;
    const depth = kind === 'NAT' ? drop * 0.5 : drop;
    places.set(name, { x: here, y: y + depth, zone: kind === 'NAT' ? 'mole' : 'harbour' });
    if (kind === 'NAT') behind(name, nodes, here, y + depth, drop * 0.5, room / inside.length, places);
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
