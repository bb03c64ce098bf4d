import { useComputed } from '@preact/signals';
import { mappingsAt } from '../../model/nat-mappings.ts';
import type { NetworkNode } from '../../model/network.ts';
import type { Player } from '../../model/player.ts';
import { conditionAt, lastBy } from '../../model/recording.ts';
import type { Layout } from './layout.ts';

/** RFC 4787 REQ-5: what the simulator's NATs keep to. */
const LIFETIME_MS = 120_000;

interface Props {
  readonly node: NetworkNode;
  readonly player: Player;
  readonly layout: Layout;
}

/** What there is to know of a node, beside it. */
export function NodeCard({ node, player, layout }: Props) {
  const place = layout.places.get(node.name)!;
  const isLeft = place.x > layout.width / 2;
  const isAbove = place.y > layout.height / 2;
  return (
    <div
      class={`card ${isLeft ? 'to-left' : 'to-right'} ${isAbove ? 'to-top' : 'to-bottom'}`}
      role="tooltip"
      style={{
        [isLeft ? 'right' : 'left']: `${100 * (isLeft ? 1 - place.x / layout.width : place.x / layout.width)}%`,
        [isAbove ? 'bottom' : 'top']: `${100 * (isAbove ? 1 - place.y / layout.height : place.y / layout.height)}%`,
      }}
    >
      <NodeFacts node={node} player={player} />
    </div>
  );
}

/** The same facts for whoever opens the node. */
export function NodeFacts({ node, player }: Omit<Props, 'layout'>) {
  const state = useComputed(() => {
    return lastBy(player.recording.value.states.get(node.name) ?? [], player.instant.value);
  });
  const kind = useComputed(() => conditionAt(player.recording.value, node.name, player.instant.value).nat);
  return (
    <>
      <h3>{node.name}</h3>
      <p class="kind">{kindOf(node, kind.value)}</p>
      {node.addresses.length > 0 && node.addresses.length <= 4 && (
        <p class="code">
          {node.addresses.map((address) => (
            <span key={address}>{address}</span>
          ))}
        </p>
      )}
      {node.kind === 'client' && (
        <p class={`state ${state.value?.state ?? ''}`}>
          <b>{state.value?.state ?? 'not started'}</b> {state.value?.detail ?? ''}
        </p>
      )}
      {node.kind === 'NAT' && <Mappings nat={node.name} player={player} />}
    </>
  );
}

/** What it is, without saying anything twice. */
function kindOf({ kind, name, about }: NetworkNode, nat: string | undefined): string {
  if (kind === 'NAT') return about.startsWith(`${nat}`) ? about : `${nat} NAT`;
  if (about !== '') return about;
  return kind === name ? '' : kind;
}

function Mappings({ nat, player }: { readonly nat: string; readonly player: Player }) {
  const lines = useComputed(() => {
    const { passages, changes } = player.recording.value;
    player.told.value;
    const instant = player.instant.peek();
    const since =
      lastBy(
        changes.filter(({ node, text }) => node === nat && text.includes('becomes')),
        instant,
      )?.at ?? 0;
    return mappingsAt(passages, nat, instant, LIFETIME_MS, since);
  });
  if (lines.value.length === 0) return <p class="empty">No mappings now.</p>;
  return (
    <table class="mappings">
      <caption>Mappings now</caption>
      <thead>
        <tr>
          <th scope="col">inside</th>
          <th scope="col">outside</th>
          <th scope="col">wrote to</th>
        </tr>
      </thead>
      <tbody>
        {lines.value.map(({ inside, external, remotes }) => (
          <tr key={`${inside} ${external}`}>
            <td>{inside}</td>
            <td>{external}</td>
            <td>
              {remotes.slice(-4).map((remote) => (
                <span key={remote}>{remote}</span>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
