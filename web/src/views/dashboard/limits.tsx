import type { LimitUse } from '../../../../src/daemon/status/status.ts';
import { type Dashboard, nameOf } from '../../model/dashboard.ts';
import { number, octets, rate } from './words.ts';

/** What was dropped and why, and the bounds that are on by default: how full, how often they bit. */
export function LimitsPanel({ dashboard }: { readonly dashboard: Dashboard }) {
  const status = dashboard.told.value?.status;
  const lines = dashboard.drops.lines.value;
  if (status === undefined) return <p class="empty">Not told yet.</p>;
  const isMany = status.roles.length > 1;
  return (
    <>
      {lines.length === 0 ? (
        <p class="empty">Nothing was dropped so far.</p>
      ) : (
        <table class="plain numbers">
          <caption>What was dropped, and why</caption>
          <thead>
            <tr>
              <th scope="col">reason</th>
              <th scope="col">a second, now</th>
              <th scope="col">in all</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ role, reason, count, perSecond, isError }) => (
              <tr key={`${role} ${reason}`} class={perSecond > 0 ? 'bites' : ''}>
                <td>
                  {reason}
                  {isError ? ' (refused by the system)' : ''}
                  {isMany ? `, ${role}` : ''}
                </td>
                <td>{perSecond === 0 ? '–' : rate(perSecond)}</td>
                <td>{number(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {status.roles.map((role) => (
        <LimitTable key={role.role} title={isMany ? `Limits: ${nameOf(role)}` : 'Limits'} limits={role.limits} />
      ))}
    </>
  );
}

function LimitTable({ title, limits }: { readonly title: string; readonly limits: readonly LimitUse[] | null }) {
  if (limits === null) return <p class="empty">{title}: the thread that carries packets does not answer.</p>;
  if (limits.length === 0) return null;
  return (
    <table class="plain numbers">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">limit</th>
          <th scope="col">in use</th>
          <th scope="col">size</th>
          <th scope="col">bit</th>
        </tr>
      </thead>
      <tbody>
        {limits.map((limit) => (
          <tr key={limit.name} class={limit.bit > 0 ? 'bites' : ''}>
            <td>
              {limit.name}
              <meter min={0} max={limit.max} value={limit.inUse} aria-label={`${limit.name}: in use`} />
            </td>
            <td>{amount(limit, limit.inUse)}</td>
            <td>{size(limit)}</td>
            <td>{limit.bit === 0 ? '–' : number(limit.bit)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function size(limit: LimitUse): string {
  if (limit.kind !== 'rate') return amount(limit, limit.max);
  return `${number(limit.perSecond ?? 0)}/s, ${number(limit.burst ?? 0)} at once`;
}

function amount({ unit }: LimitUse, value: number): string {
  return unit === 'octets' ? octets(value) : `${number(value)} ${unit}`;
}
