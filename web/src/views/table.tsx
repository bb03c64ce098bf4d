import { useComputed } from '@preact/signals';
import type { Player } from '../model/player.ts';
import { stationsOf, waysAt } from '../model/ways.ts';
import { seconds } from './ladder/arrow.ts';

/** More lines than this are not for reading. */
const LINES_MAX = 200;

/** Everything in words: for those who do not see the pictures, and for those who would rather read. */
export function TablePanel({ player }: { readonly player: Player }) {
  const recording = player.recording.value;
  const ways = useComputed(() => {
    player.told.value;
    return waysAt(player.recording.value, player.instant.peek());
  });
  const end = player.told.value;
  const first = Math.max(0, end - LINES_MAX);
  return (
    <div class="tables">
      <table class="plain">
        <caption>Ladder{first > 0 ? `: the last ${LINES_MAX}` : ''}</caption>
        <thead>
          <tr>
            <th scope="col">no.</th>
            <th scope="col">time</th>
            <th scope="col">way</th>
            <th scope="col">what</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {recording.passages.slice(first, end).map((passage) => (
            <tr key={passage.index}>
              <td>{passage.number}</td>
              <td>{seconds(passage.at)}</td>
              <td>
                {[passage.legs[0]!.from, ...passage.legs.map(({ to }) => to)].filter((to) => to !== '').join(' → ')}
              </td>
              <td>
                {passage.label}
                {passage.loss === undefined ? '' : ` ✗ ${passage.loss}`}
              </td>
              <td>{passage.sentence}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table class="plain">
        <caption>Map: ways</caption>
        <thead>
          <tr>
            <th scope="col">way</th>
            <th scope="col">state</th>
          </tr>
        </thead>
        <tbody>
          {ways.value.map(({ from, to, state }) => (
            <tr key={`${from} ${to}`}>
              <td>{stationsOf(recording, from, to).join(' – ')}</td>
              <td>{state}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table class="plain">
        <caption>Map: nodes</caption>
        <thead>
          <tr>
            <th scope="col">node</th>
            <th scope="col">what</th>
            <th scope="col">behind</th>
            <th scope="col">addresses</th>
          </tr>
        </thead>
        <tbody>
          {recording.nodes.slice(0, LINES_MAX).map(({ name, kind, nat, behind, addresses }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{nat === undefined ? kind : `${nat} NAT`}</td>
              <td>{behind ?? ''}</td>
              <td class="code">{addresses.slice(0, 4).join(' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
