import { useComputed } from '@preact/signals';
import type { Player } from '../model/player.ts';
import type { Recording, StateMark } from '../model/recording.ts';
import type { Timeline } from '../model/story-time.ts';
import { seconds } from './ladder/arrow.ts';

/** How each client has fared over time, and what ended on its way, with the reasons. */
export function StatesPanel({ player }: { readonly player: Player }) {
  const recording = player.recording.value;
  const story = player.story.value;
  const place = useComputed(() => (100 * story.placeOf(player.instant.value)) / Math.max(1, story.length));
  const states = [...recording.states].filter(([, marks]) => marks.length > 0);
  return (
    <div class="states">
      <div class="bands" aria-hidden="true">
        {states.map(([client, marks]) => (
          <div class="band" key={client}>
            <span>{client}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none">
              {spansOf(marks, recording, story).map(({ state, from, to }) => (
                <rect key={from} class={state} x={from} width={Math.max(0.2, to - from)} y="1.5" height="7" />
              ))}
              <line x1={place.value} x2={place.value} y1="0" y2="10" />
            </svg>
          </div>
        ))}
      </div>
      <table class="plain">
        <caption>States</caption>
        <thead>
          <tr>
            <th scope="col">time</th>
            <th scope="col">client</th>
            <th scope="col">state</th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {states
            .flatMap(([client, marks]) => marks.map((mark) => ({ client, ...mark })))
            .toSorted((a, b) => a.at - b.at)
            .filter(({ at }) => at <= player.instant.value)
            .map(({ client, at, state, detail }) => (
              <tr key={`${client} ${at} ${state}`}>
                <td>
                  <button type="button" class="link" onClick={() => player.seek(at)}>
                    {seconds(at)}
                  </button>
                </td>
                <td>{client}</td>
                <td>
                  <i class={`swatch state-${state}`} />
                  {state}
                </td>
                <td class="code">{detail}</td>
              </tr>
            ))}
        </tbody>
      </table>
      <Losses player={player} />
    </div>
  );
}

function Losses({ player }: { readonly player: Player }) {
  const losses = useComputed(() => {
    const counts = new Map<string, { end: string; loss: string; indexes: number[] }>();
    const { passages } = player.recording.value;
    for (const { end, loss, index } of passages.slice(0, player.told.value)) {
      if (loss === undefined) continue;
      const entry = counts.get(`${end}\n${loss}`) ?? { end, loss, indexes: [] };
      entry.indexes.push(index);
      counts.set(`${end}\n${loss}`, entry);
    }
    return [...counts.values()].toSorted((a, b) => b.indexes.length - a.indexes.length);
  });
  if (losses.value.length === 0) return <p class="empty">Everything has arrived so far.</p>;
  return (
    <table class="plain">
      <caption>What did not arrive</caption>
      <thead>
        <tr>
          <th scope="col">how many</th>
          <th scope="col">ended at</th>
          <th scope="col">why</th>
          <th scope="col">last</th>
        </tr>
      </thead>
      <tbody>
        {losses.value.map(({ end, loss, indexes }) => (
          <tr key={`${end} ${loss}`}>
            <td>{indexes.length}</td>
            <td>{end}</td>
            <td>{loss}</td>
            <td>
              <button type="button" class="link" onClick={() => player.select(indexes.at(-1)!)}>
                {player.recording.value.passages[indexes.at(-1)!]!.number}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function spansOf(marks: readonly StateMark[], { endsAt }: Recording, story: Timeline) {
  const share = (at: number) => (100 * story.placeOf(at)) / Math.max(1, story.length);
  return marks.map(({ at, state }, i) => ({ state, from: share(at), to: share(marks[i + 1]?.at ?? endsAt) }));
}
