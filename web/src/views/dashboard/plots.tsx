import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { Dashboard } from '../../model/dashboard.ts';
import { Plot, type PlotData } from './plot.tsx';
import { bits, clock, rate } from './words.ts';

/** One line of a table is worth this many seconds. */
const TABLE_STEP_MS = 10_000;
const TABLE_LINES = 30;

const TRAFFIC = [
  { name: 'received', colour: 'data' },
  { name: 'sent', colour: 'discovery' },
] as const;
const ANSWERS = [{ name: 'answer', colour: 'test' }] as const;

/** What passes now, and how fast the thread that carries it answers. */
export function Plots({ dashboard }: { readonly dashboard: Dashboard }) {
  const { traffic } = dashboard;
  const isTable = useSignal(false);
  const unit = useSignal<'bits' | 'datagrams'>('bits');
  const told = unit.value === 'bits' ? bits : perSecond;
  const throughput = useComputed((): PlotData => {
    const points = traffic.points.value;
    const isBits = unit.value === 'bits';
    return {
      times: points.map(({ at }) => at / 1_000),
      lines: [
        points.map((point) => (isBits ? point.receivedBits : point.receivedPerSecond)),
        points.map((point) => (isBits ? point.sentBits : point.sentPerSecond)),
      ],
    };
  });
  const answers = useComputed((): PlotData => {
    const points = traffic.answers.value;
    return { times: points.map(({ at }) => at / 1_000), lines: [points.map(({ ms }) => ms)] };
  });
  return (
    <section class="plots" aria-label="Throughput and latency">
      <div class="plots-head">
        <h2>Throughput</h2>
        <Now data={throughput} lines={TRAFFIC} told={told} />
        <span class="choices">
          <label>
            <span class="hidden">Unit</span>
            <select
              value={unit.value}
              onChange={(event) => (unit.value = event.currentTarget.value === 'bits' ? 'bits' : 'datagrams')}
            >
              <option value="bits">bits a second</option>
              <option value="datagrams">datagrams a second</option>
            </select>
          </label>
          <button type="button" aria-pressed={isTable.value} onClick={() => (isTable.value = !isTable.value)}>
            As a table
          </button>
        </span>
      </div>
      {isTable.value ? (
        <PlotTable dashboard={dashboard} />
      ) : (
        <>
          <Plot
            data={throughput}
            lines={TRAFFIC}
            told={told}
            least={unit.value === 'bits' ? 1_000 : 4}
            height={150}
            label="Throughput of the last five minutes; the table has the numbers"
          />
          <div class="plots-head">
            <h2>Latency</h2>
            <Now data={answers} lines={ANSWERS} told={milliseconds} />
            <span class="note">until the thread that carries packets answers</span>
          </div>
          <Plot
            data={answers}
            lines={ANSWERS}
            told={milliseconds}
            least={1}
            height={92}
            label="Latency of the last five minutes; the table has the numbers"
          />
        </>
      )}
    </section>
  );
}

interface NowProps {
  readonly data: ReadonlySignal<PlotData>;
  readonly lines: readonly { readonly name: string; readonly colour: string }[];
  readonly told: (value: number) => string;
}

/** The legend, with the last value of each line. */
function Now({ data, lines, told }: NowProps) {
  return (
    <span class="now">
      {lines.map(({ name, colour }, i) => {
        const value = data.value.lines[i]!.at(-1) ?? Number.NaN;
        return (
          <span key={name} class={colour}>
            {name} <b>{Number.isNaN(value) ? '–' : told(value)}</b>
          </span>
        );
      })}
    </span>
  );
}

function PlotTable({ dashboard: { traffic } }: { readonly dashboard: Dashboard }) {
  const rows = useComputed(() => {
    const points = traffic.points.value;
    const end = points.at(-1)?.at ?? 0;
    return Array.from({ length: TABLE_LINES }, (_, i) => end - i * TABLE_STEP_MS).flatMap((at) => {
      const point = points.findLast((one) => one.at <= at && one.at > at - TABLE_STEP_MS);
      const answer = traffic.answers.value.findLast((one) => one.at <= at + 1_000)?.ms ?? Number.NaN;
      return point === undefined ? [] : [{ ...point, answer }];
    });
  });
  return (
    <div class="plot-table">
      <table class="plain">
        <caption>Throughput and latency, newest first</caption>
        <thead>
          <tr>
            {['time', 'received', 'sent', 'received', 'sent', 'latency'].map((name, i) => (
              <th scope="col" key={i}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.value.map((row) => (
            <tr key={row.at}>
              <td>{clock(row.at)}</td>
              <td>{bits(row.receivedBits)}</td>
              <td>{bits(row.sentBits)}</td>
              <td>{perSecond(row.receivedPerSecond)}</td>
              <td>{perSecond(row.sentPerSecond)}</td>
              <td>{milliseconds(row.answer)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function perSecond(value: number): string {
  return `${rate(value)}/s`;
}

function milliseconds(value: number): string {
  if (Number.isNaN(value)) return 'no answer';
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
