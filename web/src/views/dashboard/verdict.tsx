import { useComputed } from '@preact/signals';
import type { RoleStatus, Status } from '../../../../src/daemon/status/status.ts';
import type { Dashboard } from '../../model/dashboard.ts';
import { standingOf } from '../../model/state-timeline.ts';
import { clock } from './words.ts';

interface Verdict {
  readonly standing: string;
  readonly words: string;
  readonly sentence: string;
  /** What to do, as sentences. */
  readonly next: readonly string[];
  /** Something to type that finds out more. */
  readonly command: string | undefined;
}

/** How it stands in one sentence, and what to do when it does not stand well. */
export function VerdictStrip({ dashboard }: { readonly dashboard: Dashboard }) {
  const verdict = useComputed(() => verdictOf(dashboard));
  const { standing, words, sentence, next, command } = verdict.value;
  return (
    <section class={`verdict ${standing}`} aria-label="How it stands">
      <p class="sentence" role="status">
        <span class={`chip ${standing}`}>{words}</span> {sentence}
      </p>
      {next.map((text) => (
        <p class="next" key={text}>
          <b>next</b> {text}
        </p>
      ))}
      {command !== undefined && (
        <p class="next">
          <b>find out why</b> <code class="code">{command}</code>
        </p>
      )}
    </section>
  );
}

function verdictOf({ link, told }: Dashboard): Verdict {
  const { value } = link;
  if (value.state === 'opening') return { ...SILENT, words: 'waiting', sentence: 'Waiting for the process to answer.' };
  if (value.state === 'lost') {
    const { trouble, since } = value;
    const heard = told.value === undefined ? '' : ` What is shown is of ${clock(told.value.at)}.`;
    if (trouble !== undefined) {
      const sentence = `Since ${clock(since)}: ${trouble.message}.${heard}`;
      return {
        ...SILENT,
        words: 'silent',
        sentence,
        next: [trouble.next === '' ? GOES_ON : `${trouble.next}; ${GOES_ON}`],
      };
    }
    const sentence = `The page has lost its server at ${clock(since)}: the process has ended.${heard}`;
    return { ...SILENT, words: 'silent', sentence, next: ['start it again, and open the address that it prints'] };
  }
  const status = told.value?.status;
  return status === undefined ? { ...SILENT, words: 'waiting', sentence: 'Waiting.' } : ofStatus(status);
}

const GOES_ON = 'this page goes on by itself as soon as the process answers';
const SILENT: Verdict = { standing: 'unheard', words: '', sentence: '', next: [], command: undefined };

function ofStatus({ verdict, isWell, roles }: Status): Verdict {
  const worst = roles.find(({ state }) => state !== 'qualified' && state !== 'online') ?? roles[0];
  const next = roles.flatMap(({ error }) => (error === null || error.next === '' ? [] : [error.next]));
  return {
    standing: worst === undefined ? 'unheard' : standingOf(worst.state),
    words: worst?.state ?? 'unknown',
    sentence: verdict,
    next: [...new Set(next)],
    command: isWell ? undefined : diagnosis(roles),
  };
}

/** What a client's host can find out by itself; it may run beside the client. */
function diagnosis(roles: readonly RoleStatus[]): string | undefined {
  const client = roles.find(({ role, type }) => role === 'client' && type !== 'disabled');
  return client === undefined ? undefined : `teredo diagnose ${client.server?.name ?? ''}`.trim();
}
