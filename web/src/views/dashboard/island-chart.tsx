import { useComputed, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Dashboard } from '../../model/dashboard.ts';
import { type Island, type IslandNode, islandOf, WAY_NAMES } from '../../model/island.ts';
import { type Layout, layOut } from '../map/layout.ts';
import { NodeMark } from '../map/node-mark.tsx';
import { Lans, Line, Waters } from '../map/waters.tsx';
import { number } from './words.ts';

interface Props {
  readonly dashboard: Dashboard;
  readonly isNarrow: boolean;
}

/** The island as this process sees it: its NAT, its server pair, relays, and the peers that it heard last. */
export function IslandChart({ dashboard, isNarrow }: Props) {
  const isTable = useSignal(false);
  const pointed = useSignal<string | undefined>(undefined);
  const island = useComputed(() => {
    const room = isNarrow ? { direct: 3, native: 3 } : { direct: 6, native: 5 };
    return islandOf(dashboard.told.value?.status ?? { roles: [] }, dashboard.peers.value?.peers ?? [], room);
  });
  const { nodes, ways, drawn } = island.value;
  const isSilent = dashboard.link.value.state !== 'live';
  // Places depend on who is there, not on how they fare.
  const shape = nodes.map(({ name, kind, behind }) => `${name} ${kind} ${behind ?? ''}`).join('\n');
  const layout = useMemo(() => layOut(nodes, isNarrow), [shape, isNarrow]);
  const card = nodes.find(({ name }) => name === pointed.value);
  const total = dashboard.peers.value?.total;
  return (
    <>
      {isTable.value ? (
        <IslandTable island={island.value} />
      ) : (
        <div class={`chart ${isSilent ? 'silent' : ''}`} style={{ aspectRatio: `${layout.width} / ${layout.height}` }}>
          <svg viewBox={`0 0 ${layout.width} ${layout.height}`} role="group" aria-label="Map of the island">
            <Waters layout={layout} />
            <Lans layout={layout} nodes={nodes} />
            <g class="ways">
              {ways.map(({ stations, state, isBusy }) => (
                <g key={stations.join(' ')} class={`way ${state} ${isBusy ? 'busy' : ''}`}>
                  <title>{`${labels(nodes, stations)}: ${WAY_NAMES[state]}`}</title>
                  <Line layout={layout} stations={stations} />
                </g>
              ))}
            </g>
            {nodes.map((node) => (
              <Node key={node.name} node={node} layout={layout} onPoint={(name) => (pointed.value = name)} />
            ))}
          </svg>
          {card !== undefined && <Card node={card} layout={layout} />}
        </div>
      )}
      <div class="chart-foot">
        <ul class="legend" aria-label="Ways">
          {(['direct', 'relayed', 'punching', 'kept'] as const).map((state) => (
            <li key={state}>
              <svg viewBox="0 0 36 8" aria-hidden="true">
                <g class={`way ${state}`}>
                  <path d="M3 4H33" />
                </g>
              </svg>
              {WAY_NAMES[state]}
            </li>
          ))}
        </ul>
        <p class="note">
          {dashboard.told.value === undefined
            ? 'Nothing has been told yet.'
            : dashboard.peerRole.value === undefined
              ? 'A server keeps no list of clients; its counters tell what it does.'
              : total === undefined
                ? ''
                : total === drawn
                  ? `${total === 0 ? 'No peers' : total === 1 ? '1 peer' : `${total} peers`} known.`
                  : `${drawn} of ${number(total)} peers are drawn, those heard last.`}
        </p>
        <button type="button" aria-pressed={isTable.value} onClick={() => (isTable.value = !isTable.value)}>
          As a table<span class="hidden">: the map</span>
        </button>
      </div>
    </>
  );
}

interface NodeProps {
  readonly node: IslandNode;
  readonly layout: Layout;
  readonly onPoint: (name: string | undefined) => void;
}

function Node({ node, layout, onPoint }: NodeProps) {
  const place = layout.places.get(node.name);
  if (place === undefined) return null;
  const { label, kind, words, about, addresses } = node;
  const told = [label, kind, words, about, ...addresses].filter((text) => text !== '').join(', ');
  return (
    <g
      class={`node ${kind.replaceAll(' ', '-')} ${words.replaceAll(/[^a-z-]+/g, '-')}`}
      transform={`translate(${place.x} ${place.y})`}
      tabIndex={0}
      role="button"
      aria-label={told}
      onPointerEnter={() => onPoint(node.name)}
      onPointerLeave={() => onPoint(undefined)}
      onFocus={() => onPoint(node.name)}
      onBlur={() => onPoint(undefined)}
      onClick={() => onPoint(node.name)}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key === 'Escape') onPoint(undefined);
      }}
    >
      <NodeMark node={{ ...node, name: label }} words={words} trouble="" reach={Math.max(layout.reach, 90)} />
    </g>
  );
}

/** What there is to know of a node, beside it. */
function Card({ node, layout }: { readonly node: IslandNode; readonly layout: Layout }) {
  const place = layout.places.get(node.name);
  if (place === undefined) return null;
  const [x, y] = [place.x / layout.width, place.y / layout.height];
  return (
    <div
      class="card"
      role="tooltip"
      style={{
        [x > 0.5 ? 'right' : 'left']: `${100 * (x > 0.5 ? 1 - x : x)}%`,
        [y > 0.5 ? 'bottom' : 'top']: `${100 * (y > 0.5 ? 1 - y : y)}%`,
      }}
    >
      <h3>{node.label}</h3>
      <p class="kind">{[node.kind, node.words, node.about].filter((text) => text !== '').join(', ')}</p>
      <p class="code">
        {node.addresses.map((address) => (
          <span key={address}>{address}</span>
        ))}
      </p>
    </div>
  );
}

function IslandTable({ island: { nodes, ways } }: { readonly island: Island }) {
  return (
    <div class="tables island-table">
      <table class="plain">
        <caption>The island</caption>
        <thead>
          <tr>
            {['who', 'what', 'how', 'behind', 'addresses'].map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ name, label, kind, words, behind, addresses }) => (
            <tr key={name}>
              <td>{label}</td>
              <td>{kind}</td>
              <td>{words}</td>
              <td>{behind ?? ''}</td>
              <td class="code">{addresses.join(' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table class="plain">
        <caption>Ways</caption>
        <thead>
          <tr>
            <th scope="col">way</th>
            <th scope="col">state</th>
          </tr>
        </thead>
        <tbody>
          {ways.map(({ stations, state }) => (
            <tr key={stations.join(' ')}>
              <td>{labels(nodes, stations)}</td>
              <td>{WAY_NAMES[state]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function labels(nodes: readonly IslandNode[], stations: readonly string[]): string {
  return stations.map((name) => nodes.find((node) => node.name === name)?.label ?? name).join(' – ');
}
