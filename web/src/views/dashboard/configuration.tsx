import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Dashboard } from '../../model/dashboard.ts';
import type { DaemonSource } from '../../sources/daemon.ts';

interface Props {
  readonly dashboard: Dashboard;
  readonly source: DaemonSource;
}

/** What holds, and who said so. */
export function ConfigurationPanel({ dashboard, source }: Props) {
  const isAll = useSignal(false);
  useEffect(() => void source.askConfiguration(), [source]);
  const configuration = dashboard.configuration.value;
  if (configuration === undefined) return <p class="empty">Not told yet.</p>;
  const { values, file } = configuration;
  const said = values.filter(({ source: from }) => from !== 'default');
  return (
    <>
      <p class="note">
        {file === undefined ? 'No file was read.' : `Read from ${file}.`} {said.length} of {values.length} keys are set,
        the others have their defaults.{' '}
        <label>
          <input
            type="checkbox"
            checked={isAll.value}
            onChange={(event) => (isAll.value = event.currentTarget.checked)}
          />{' '}
          show all
        </label>
      </p>
      <table class="plain configuration">
        <caption class="hidden">Configuration</caption>
        <thead>
          <tr>
            <th scope="col">key</th>
            <th scope="col">value</th>
            <th scope="col">said by</th>
          </tr>
        </thead>
        <tbody>
          {(isAll.value ? values : said).map(
            ({ key, value, unit, otherwise, source: from, name, where, description }) => (
              <tr key={key} class={from} title={description}>
                <td class="code">{key}</td>
                <td class="code">
                  {value === null ? (
                    <em>{otherwise ?? 'none'}</em>
                  ) : (
                    `${shown(value)}${unit === undefined ? '' : ` ${unit}`}`
                  )}
                </td>
                <td>{from === 'default' ? 'default' : from === 'file' ? where : name}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </>
  );
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
