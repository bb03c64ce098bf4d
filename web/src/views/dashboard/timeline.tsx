import { useComputed, useSignal } from '@preact/signals';
import type { Dashboard } from '../../model/dashboard.ts';
import type { Span, Standing } from '../../model/state-timeline.ts';
import { ago, clock } from './words.ts';

const NAMES: Readonly<Record<Standing, string>> = {
  offline: 'offline',
  dormant: 'dormant',
  probe: 'asking its server',
  qualified: 'qualified',
  online: 'online',
  draining: 'draining',
  unheard: 'not heard',
};

/** How each role stood, from the first that is remembered until now. */
export function TimelineStrip({ dashboard }: { readonly dashboard: Dashboard }) {
  const isTable = useSignal(false);
  const now = useComputed(() => {
    const link = dashboard.link.value;
    const told = dashboard.told.value?.at ?? Date.now();
    return link.state === 'lost' ? Math.max(told, link.since) + 1_000 : told;
  });
  const bands = [...dashboard.states.spans.value];
  if (bands.length === 0) return <section class="timeline" aria-label="States over time" />;
  const start = Math.min(...bands.map(([, spans]) => spans[0]?.from ?? now.value));
  const whole = Math.max(1_000, now.value - start);
  return (
    <section class="timeline" aria-label="States over time">
      {isTable.value ? (
        <TimelineTable bands={bands} now={now.value} />
      ) : (
        bands.map(([role, spans]) => (
          <div class="band" key={role} role="img" aria-label={`${role}: ${told(spans, now.value)}`}>
            <span>{role}</span>
            <svg viewBox="0 0 1000 10" preserveAspectRatio="none">
              {spans.map(({ from, to, standing }) => {
                const x = (1_000 * (from - start)) / whole;
                const width = Math.max(2, (1_000 * ((to ?? now.value) - from)) / whole);
                return (
                  <rect key={from} class={`state-${standing}`} x={x} width={width} y="1" height="8">
                    <title>{`${NAMES[standing]} from ${clock(from)}`}</title>
                  </rect>
                );
              })}
            </svg>
          </div>
        ))
      )}
      <div class="timeline-foot">
        <span>{clock(start)}</span>
        <ul class="legend" aria-label="Colours">
          {[...new Set(bands.flatMap(([, spans]) => spans.map(({ standing }) => standing)))].map((standing) => (
            <li key={standing}>
              <i class={`swatch state-${standing}`} />
              {NAMES[standing]}
            </li>
          ))}
        </ul>
        <button
          type="button"
          class="link"
          aria-pressed={isTable.value}
          onClick={() => (isTable.value = !isTable.value)}
        >
          As a table<span class="hidden">: states</span>
        </button>
        <span>{clock(now.value)}</span>
      </div>
    </section>
  );
}

interface TableProps {
  readonly bands: readonly (readonly [string, readonly Span[]])[];
  readonly now: number;
}

function TimelineTable({ bands, now }: TableProps) {
  return (
    <div class="timeline-table">
      <table class="plain">
        <caption class="hidden">States over time, newest first</caption>
        <thead>
          <tr>
            {['from', 'role', 'state', 'for'].map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bands
            .flatMap(([role, spans]) => spans.map((span) => ({ role, ...span })))
            .toSorted((a, b) => b.from - a.from)
            .map(({ role, from, to, standing }) => (
              <tr key={`${role} ${from}`}>
                <td>{clock(from)}</td>
                <td>{role}</td>
                <td>{NAMES[standing]}</td>
                <td>{ago((to ?? now) - from)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function told(spans: readonly Span[], now: number): string {
  return spans
    .slice(-4)
    .map(({ from, to, standing }) => `${NAMES[standing]} for ${ago((to ?? now) - from)}`)
    .join(', then ');
}
