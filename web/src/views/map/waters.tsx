import type { NetworkNode } from '../../model/network.ts';
import { type Layout, type Place, pathBetween } from './layout.ts';

/** Land, sea and harbours, with the depth lines that charts have. */
export function Waters({ layout }: { readonly layout: Layout }) {
  const { width, height, shore, moles } = layout;
  const coast = (y: number, swell: number) => {
    const quarter = width / 4;
    return `M0 ${y}C${quarter * 0.5} ${y - swell} ${quarter * 0.7} ${y + swell} ${quarter} ${y}S${quarter * 1.6} ${y - swell * 0.8} ${2 * quarter} ${y}S${quarter * 2.6} ${y + swell} ${3 * quarter} ${y}S${quarter * 3.6} ${y - swell} ${width} ${y}`;
  };
  return (
    <g class="waters" aria-hidden="true">
      <rect class="sea" width={width} height={height} />
      <path class="land" d={`${coast(shore, 16)}V0H0Z`} />
      <path class="coast" d={coast(shore, 16)} />
      <path class="depth" d={coast(shore + 34, 14)} />
      <path class="depth" d={coast(shore + 78, 11)} />
      <path class="depth" d={coast(shore + 134, 8)} />
      <rect class="harbour" y={moles} width={width} height={height - moles} />
      <line class="quay" x1="0" x2={width} y1={moles} y2={moles} />
      <text class="region" x="18" y="28">
        IPv6 Internet
      </text>
      <text class="region water" x="18" y={shore + 52}>
        IPv4 Internet
      </text>
      <text class="region" x="18" y={height - 14}>
        private networks
      </text>
    </g>
  );
}

/** What lies behind a NAT hangs on it. */
export function Lans({ layout, nodes }: { readonly layout: Layout; readonly nodes: readonly NetworkNode[] }) {
  return (
    <g class="lans" aria-hidden="true">
      {nodes.map(({ name, behind }) => {
        const [from, to] = [layout.places.get(name), behind === undefined ? undefined : layout.places.get(behind)];
        return from === undefined || to === undefined ? null : (
          <line key={name} x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
        );
      })}
    </g>
  );
}

/** A way from station to station. */
export function Line({ layout, stations }: { readonly layout: Layout; readonly stations: readonly string[] }) {
  const places = stations.map((name) => layout.places.get(name)).filter((place) => place !== undefined);
  const pairs = places.slice(1).map((to, i): [Place, Place] => [places[i]!, to]);
  return <path d={pairs.map(([from, to]) => pathBetween(layout, from, to)).join('')} />;
}
