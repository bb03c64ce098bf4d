import { useSignal } from '@preact/signals';
import { natNames } from '../../../src/lab/nats.ts';
import type { NodeSpec } from '../../../src/lab/scenario.ts';
import { canPing, wordsFor } from '../model/changes.ts';
import type { Laboratory } from '../model/laboratory.ts';
import { NodeFacts } from './map/node-card.tsx';

interface Props {
  readonly laboratory: Laboratory;
  readonly chosen: string | undefined;
  readonly onChoose: (node: string | undefined) => void;
}

/** What can be changed: a NAT, a link, a relay; from the beginning or from a chapter on. */
export function SettingsPanel({ laboratory, chosen, onChoose }: Props) {
  const { player, scenario, changes } = laboratory;
  const from = useSignal(0);
  const spec = laboratory.changed.nodes.find(({ name }) => name === chosen);
  const node = player.recording.value.nodes.find(({ name }) => name === chosen);
  const start = Math.min(from.value, scenario.value.chapters.length - 1);
  return (
    <div class="settings">
      <div class="pick">
        <label>
          Node
          <select value={chosen ?? ''} onChange={(event) => onChoose(event.currentTarget.value || undefined)}>
            <option value="">choose, here or in the map</option>
            {scenario.value.nodes.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Changes hold
          <select value={String(start)} onChange={(event) => (from.value = Number(event.currentTarget.value))}>
            <option value="0">from the beginning</option>
            {scenario.value.chapters.slice(1).map(({ title }, i) => (
              <option key={title} value={String(i + 1)}>
                from chapter {i + 2} on: {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      {node !== undefined && spec !== undefined && (
        <div class="node-settings">
          <Controls key={spec.name} laboratory={laboratory} spec={spec} from={start} />
          <div class="facts-of-node">
            <NodeFacts node={node} player={player} />
          </div>
        </div>
      )}
      {laboratory.failure.value !== undefined && <p class="failure">{laboratory.failure.value}</p>}
      {changes.value.length > 0 && (
        <>
          <h3>Changed by you</h3>
          <ul class="changes">
            {changes.value.map((change) => (
              <li key={JSON.stringify(change)}>
                {wordsFor(change)}
                {'from' in change && change.from > 0 ? ` from chapter ${change.from + 1} on` : ''}
                <button type="button" onClick={() => laboratory.undo(change)}>
                  undo
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Controls({ laboratory, spec, from }: { laboratory: Laboratory; spec: NodeSpec; from: number }) {
  const node = spec.name;
  const { scenario } = laboratory;
  const isUp = !laboratory.changes.value.some((change) => {
    return change.type === 'link' && change.node === node && change.from === from && change.to.isUp === false;
  });
  const targets = scenario.value.nodes.filter((other) => other.name !== node && canPing(other));
  return (
    <div class="controls">
      {spec.type === 'NAT' && (
        <label>
          Type of NAT
          <select
            value={spec.nat}
            onChange={(event) => {
              const nat = natNames.find((name) => name === event.currentTarget.value);
              if (nat !== undefined) laboratory.change({ type: 'nat', from, node, nat });
            }}
          >
            {natNames
              .filter((name) => name !== 'address-symmetric' || spec.nat === name)
              .map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
          </select>
        </label>
      )}
      {spec.type === 'relay' && (
        <label>
          Announces 2001::/32 with metric
          <select
            value={String(spec.metric ?? 10)}
            onChange={(event) => {
              const { value } = event.currentTarget;
              if (value === 'no') laboratory.change({ type: 'withdraw', from, node });
              else laboratory.change({ type: 'metric', from, node, metric: Number(value) });
            }}
          >
            {[1, 5, 10, 50, 100].map((metric) => (
              <option key={metric} value={String(metric)}>
                {metric}
                {metric === 1 ? ' (nearest)' : ''}
              </option>
            ))}
            <option value="no">not at all</option>
          </select>
        </label>
      )}
      <label>
        Packets lost on its link
        <select
          value={String(spec.link?.loss ?? 0)}
          onChange={(event) =>
            laboratory.change({ type: 'link', from, node, to: { loss: Number(event.currentTarget.value) } })
          }
        >
          {[0, 0.05, 0.15, 0.2, 0.5, 0.9].map((loss) => (
            <option key={loss} value={String(loss)}>
              {Math.round(loss * 100)} %
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => laboratory.change({ type: 'link', from, node, to: { isUp: !isUp } })}>
        {isUp ? 'Cut its link' : 'Mend its link'}
      </button>
      {canPing(spec) && targets.length > 0 && (
        <label>
          Add a ping to
          <select
            value=""
            onChange={(event) => {
              if (event.currentTarget.value !== '') {
                laboratory.change({ type: 'ping', node, to: event.currentTarget.value });
              }
            }}
          >
            <option value="">choose whom</option>
            {targets.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
