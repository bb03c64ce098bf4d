import { computed, useComputed, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { NetworkNode } from '../../model/network.ts';
import type { Player } from '../../model/player.ts';
import { conditionAt, lastBy, troubleWords } from '../../model/recording.ts';
import { stationsOf, waysAt } from '../../model/ways.ts';
import { FlightsCanvas } from './canvas.tsx';
import { type Layout, layOut } from './layout.ts';
import { NodeCard } from './node-card.tsx';
import { NodeMark } from './node-mark.tsx';
import { Lans, Line, Waters } from './waters.tsx';

interface Props {
  readonly player: Player;
  readonly isNarrow: boolean;
  /** The node whose settings are open. */
  readonly chosen: string | undefined;
  readonly onChoose: (node: string) => void;
}

/** The chart of the island: who is where, who reaches whom, and every datagram on its way. */
export function Chart({ player, isNarrow, chosen, onChoose }: Props) {
  const { nodes } = player.recording.value;
  const layout = useMemo(() => layOut(nodes, isNarrow), [nodes, isNarrow]);
  const pointed = useSignal<string | undefined>(undefined);
  const card = pointed.value === undefined ? undefined : nodes.find(({ name }) => name === pointed.value);
  return (
    <div class={`chart ${layout.isDense ? 'dense' : ''}`} style={{ aspectRatio: `${layout.width} / ${layout.height}` }}>
      <svg viewBox={`0 0 ${layout.width} ${layout.height}`} role="group" aria-label="Map of the network">
        <Waters layout={layout} />
        <Lans layout={layout} nodes={nodes} />
        <Ways player={player} layout={layout} />
        <CurrentWay player={player} layout={layout} />
        {layout.isDense ? (
          <Dots layout={layout} nodes={nodes} />
        ) : (
          nodes.map((node) => (
            <Node
              key={node.name}
              node={node}
              player={player}
              layout={layout}
              isChosen={node.name === chosen}
              onPoint={(isOn) => {
                if (isOn) pointed.value = node.name;
                else if (pointed.value === node.name) pointed.value = undefined;
              }}
              onChoose={() => onChoose(node.name)}
            />
          ))
        )}
      </svg>
      <FlightsCanvas player={player} layout={layout} />
      {card !== undefined && card.name !== chosen && <NodeCard node={card} player={player} layout={layout} />}
    </div>
  );
}

function Ways({ player, layout }: { readonly player: Player; readonly layout: Layout }) {
  // Ways change when datagrams do something; between two of them nothing needs to be asked.
  const ways = useComputed(() => {
    player.told.value;
    return waysAt(player.recording.value, player.instant.peek());
  });
  return (
    <g class="ways">
      {ways.value.map(({ from, to, state }) => (
        <g key={`${from} ${to}`} class={`way ${state}`}>
          <title>{`${from} and ${to}: ${state}`}</title>
          <Line layout={layout} stations={stationsOf(player.recording.value, from, to)} />
        </g>
      ))}
    </g>
  );
}

/** The whole way of the datagram that is told now. */
function CurrentWay({ player, layout }: { readonly player: Player; readonly layout: Layout }) {
  const passage = player.current.value;
  if (passage === undefined) return null;
  const stations = [passage.legs[0]!.from, ...passage.legs.map(({ to }) => to)].filter((name) => name !== '');
  return (
    <g class={`current-way ${passage.hue}`} aria-hidden="true">
      <Line layout={layout} stations={stations} />
    </g>
  );
}

function Dots({ layout, nodes }: { readonly layout: Layout; readonly nodes: readonly NetworkNode[] }) {
  return (
    <g class="dots">
      {nodes.map(({ name, kind }) => {
        const place = layout.places.get(name)!;
        return (
          <circle key={name} class={kind.replaceAll(' ', '-')} cx={place.x} cy={place.y} r={kind === 'NAT' ? 2 : 4} />
        );
      })}
    </g>
  );
}

interface NodeProps {
  readonly node: NetworkNode;
  readonly player: Player;
  readonly layout: Layout;
  readonly isChosen: boolean;
  readonly onPoint: (isOn: boolean) => void;
  readonly onChoose: () => void;
}

function Node({ node, player, layout, isChosen, onPoint, onChoose }: NodeProps) {
  const state = useMemo(
    () => computed(() => lastBy(player.recording.value.states.get(node.name) ?? [], player.instant.value)?.state),
    [player, node.name],
  );
  // What a node is like changes with a change only: as text, so that nothing is drawn anew without one.
  const condition = useMemo(
    () =>
      computed(() => {
        const effect = conditionAt(player.recording.value, node.name, player.instant.value);
        return `${effect.nat ?? ''}\n${troubleWords(effect)}`;
      }),
    [player, node.name],
  );
  const place = layout.places.get(node.name);
  if (place === undefined) return null;
  const [nat = '', trouble = ''] = condition.value.split('\n');
  const words = node.kind === 'client' ? (state.value ?? 'not started') : nat;
  return (
    <g
      class={`node ${node.kind.replaceAll(' ', '-')} ${words.replaceAll(' ', '-')} ${isChosen ? 'chosen' : ''}`}
      transform={`translate(${place.x} ${place.y})`}
      tabIndex={0}
      role="button"
      aria-label={`${node.name}, ${node.kind}${words === '' ? '' : `, ${words}`}${trouble === '' ? '' : `, ${trouble}`}`}
      aria-pressed={isChosen}
      onPointerEnter={() => onPoint(true)}
      onPointerLeave={() => onPoint(false)}
      onFocus={() => onPoint(true)}
      onBlur={() => onPoint(false)}
      onClick={onChoose}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        onChoose();
      }}
    >
      <NodeMark node={node} words={words} trouble={trouble} reach={layout.reach} />
    </g>
  );
}
