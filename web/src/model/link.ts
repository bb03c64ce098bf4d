import type { Scenario } from '../../../src/lab/scenario.ts';
import { type Change, checkChanges } from './changes.ts';

/** What a link restores: the scenario, its seed, what was changed, the instant and the datagram looked at. */
export interface LinkState {
  readonly scenario: string;
  readonly seed: number;
  readonly changes: readonly Change[];
  /** ms of virtual time. */
  readonly instant: number;
  /** The number of a datagram, from 1. */
  readonly selected: number | undefined;
}

export const SEED_MAX = 0xffffffff;

/** The fragment of an address, with its "#"; parts that are as ever are left out. */
export function toFragment(state: LinkState): string {
  const parts = new URLSearchParams({ scenario: state.scenario });
  if (state.seed !== 1) parts.set('seed', String(state.seed));
  if (state.changes.length > 0) parts.set('changes', JSON.stringify(state.changes));
  if (state.instant > 0) parts.set('at', String(Math.round(state.instant * 1_000) / 1_000));
  if (state.selected !== undefined) parts.set('datagram', String(state.selected));
  return `#${parts}`;
}

/**
 * Reads a fragment; whatever in it cannot be meant is left at its default.
 *
 * Shape: `find` gives a scenario by its name, or undefined.
 */
export function fromFragment(
  fragment: string,
  find: (name: string) => Scenario | undefined,
  usual: Scenario,
): LinkState & { readonly base: Scenario } {
  const parts = new URLSearchParams(fragment.replace(/^#/, ''));
  const base = find(parts.get('scenario') ?? '') ?? usual;
  return {
    base,
    scenario: base.name,
    seed: whole(parts.get('seed'), SEED_MAX) ?? 1,
    changes: checkChanges(parsed(parts.get('changes')), base),
    instant: positive(parts.get('at')),
    selected: whole(parts.get('datagram'), Number.MAX_SAFE_INTEGER),
  };
}

function whole(text: string | null, most: number): number | undefined {
  return text !== null && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

function positive(text: string | null): number {
  const value = Number(text ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
