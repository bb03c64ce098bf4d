import type { Dashboard } from '../../model/dashboard.ts';
import { clock } from './words.ts';

/** What happened, newest first, in the words that the process prints. */
export function EventsPanel({ dashboard }: { readonly dashboard: Dashboard }) {
  const events = dashboard.events.value.toReversed();
  if (events.length === 0) return <p class="empty">Nothing has happened since the process began.</p>;
  return (
    <table class="plain events">
      <caption>Events, newest first</caption>
      <thead>
        <tr>
          <th scope="col">time</th>
          <th scope="col">what</th>
        </tr>
      </thead>
      <tbody>
        {events.map(({ id, type, time, text }) => (
          <tr key={`${time} ${id}`} class={type}>
            <td>{time === undefined ? '' : clock(Date.parse(time))}</td>
            <td>
              {text.map((line, i) => (
                <span key={i} class={line.startsWith(' ') ? 'more' : ''}>
                  {line.trim()}
                </span>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
