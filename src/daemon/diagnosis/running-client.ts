import type { RoleStatus } from '../status/status.ts';
import { type CheckId, type Finding, found } from './finding.ts';
import type { Verdict } from './verdict.ts';

/** Values of a client's NAT by the check that they answer. */
const BEHAVIOUR = {
  'nat-mapping': 'mapping',
  'nat-filtering': 'filtering',
  'port-allocation': 'portAllocation',
  hairpinning: 'hairpinning',
} as const satisfies Partial<Record<CheckId, string>>;

/** Whether the client that runs here says that it cannot work, or not yet. */
export function isTroubled({ state }: RoleStatus): boolean {
  return state !== 'qualified' && state !== 'dormant';
}

/**
 * The checks with what a client that runs beside the diagnosis knows: how it stands first, then, where nothing could be
 * measured, its own word, which says so. Where both are known and differ, the measured value stays and the other is named:
 * a NAT may treat the client's port, which is older or forwarded, in another way.
 */
export function besideRunning(findings: readonly Finding[], client: RoleStatus): Finding[] {
  return [standing(client), ...findings.map((finding) => merged(finding, client))];
}

/** The network is fine, and still the client that runs here has no address. */
export function behind({ state, error, type }: RoleStatus): Verdict {
  const [cause, next] =
    type === 'disabled'
      ? ['it is disabled', 'teredo set state default']
      : [error?.message ?? 'it is still about it', error?.next ?? 'wait for it: "teredo address --wait 30"'];
  return {
    code: 'TD-DIAGNOSE-CLIENT-BEHIND',
    works: 'partly',
    text: `Teredo can work here, but the client that runs is not qualified (${state})`,
    cause,
    next,
    rules: [],
  };
}

function standing({ state, address, server, mapping, portMapping, error }: RoleStatus): Finding {
  const facts = [
    ...(error === null ? [] : [error.message]),
    ...(address === null ? [] : [address]),
    ...(server === null ? [] : [`server ${server.name}`]),
    ...(mapping === null ? [] : [`${mapping.local === null ? '' : `${mapping.local} `}seen as ${mapping.external}`]),
    ...(portMapping?.state === 'mapped' ? [`port mapped by ${portMapping.by} to ${portMapping.external}`] : []),
  ];
  return found('running-client', state, facts.join(', '));
}

function merged(finding: Finding, { nat }: RoleStatus): Finding {
  const key = BEHAVIOUR[finding.id as keyof typeof BEHAVIOUR];
  const told = key === undefined ? undefined : nat?.[key];
  // "none" is stronger than any behaviour: there is no NAT.
  if (told === undefined || told === 'unknown' || told === finding.value || finding.value === 'none') return finding;
  if (finding.value === 'unknown') return found(finding.id, told, 'told by the running client');
  return { ...finding, detail: [finding.detail, `the running client was told "${told}"`].filter(Boolean).join(', ') };
}
