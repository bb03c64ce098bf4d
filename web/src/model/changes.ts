import { type NatName, natNames } from '../../../src/lab/nats.ts';
import type { Chapter, LinkChange, NodeSpec, Scenario, Step } from '../../../src/lab/scenario.ts';

/**
 * What somebody changed in a scenario. `from`: the chapter before which it happens; 0: it has always been so.
 * A ping comes at the end of everything.
 */
export type Change =
  | { readonly type: 'nat'; readonly from: number; readonly node: string; readonly nat: NatName }
  | { readonly type: 'link'; readonly from: number; readonly node: string; readonly to: LinkChange }
  | { readonly type: 'metric'; readonly from: number; readonly node: string; readonly metric: number }
  | { readonly type: 'withdraw'; readonly from: number; readonly node: string }
  | { readonly type: 'ping'; readonly node: string; readonly to: string };

/** A page does not take more than this out of a link. */
export const CHANGES_MAX = 64;

/** The scenario with the changes in it: a scenario like any other, which runs in the terminal as well. */
export function applyChanges(scenario: Scenario, changes: readonly Change[]): Scenario {
  const nodes = scenario.nodes.map((spec) => changes.reduce(changeNode, spec));
  const chapters = scenario.chapters.map((chapter, index): Chapter => {
    const steps = changes.flatMap((change) => stepsOf(change, index));
    return steps.length === 0 ? chapter : { ...chapter, steps: [...steps, ...chapter.steps] };
  });
  const pings = changes.flatMap((change): Chapter[] =>
    change.type !== 'ping'
      ? []
      : [
          {
            title: `${change.node} pings ${change.to}`,
            about: 'Added by you.',
            steps: [{ do: 'ping', from: change.node, to: change.to, count: 2, expect: 'answered' }],
          },
        ],
  );
  return { ...scenario, nodes, chapters: [...chapters, ...pings] };
}

/** Adds a change; what it replaces goes. */
export function withChange(changes: readonly Change[], change: Change): Change[] {
  const isReplaced = (old: Change) =>
    change.type !== 'ping' &&
    old.type !== 'ping' &&
    old.node === change.node &&
    old.from === change.from &&
    groupOf(old) === groupOf(change);
  return [...changes.filter((old) => !isReplaced(old)), mergeLink(changes.find(isReplaced), change)].slice(
    -CHANGES_MAX,
  );
}

/** A change in words. */
export function wordsFor(change: Change): string {
  switch (change.type) {
    case 'nat':
      return `${change.node} is ${change.nat}`;
    case 'metric':
      return `${change.node} announces with metric ${change.metric}`;
    case 'withdraw':
      return `${change.node} does not announce 2001::/32`;
    case 'ping':
      return `${change.node} pings ${change.to} at the end`;
    case 'link': {
      const { isUp, loss, delayMs } = change.to;
      const words = [
        ...(isUp === false ? ['is cut'] : isUp === true ? ['works'] : []),
        ...(loss === undefined ? [] : [`loses ${Math.round(loss * 100)} %`]),
        ...(delayMs === undefined ? [] : [`takes ${delayMs} ms`]),
      ];
      return `the link of ${change.node} ${words.join(', ')}`;
    }
  }
}

/** Checks what came in a link: only changes that this scenario can have are kept. */
export function checkChanges(value: unknown, scenario: Scenario): Change[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, CHANGES_MAX).flatMap((item) => checkChange(item, scenario) ?? []);
}

function groupOf(change: Change): string {
  return change.type === 'withdraw' ? 'metric' : change.type;
}

function mergeLink(old: Change | undefined, change: Change): Change {
  return old?.type === 'link' && change.type === 'link' ? { ...change, to: { ...old.to, ...change.to } } : change;
}

/** Changes from the beginning are other nodes; a cut link has no place there and becomes a step. */
function changeNode(spec: NodeSpec, change: Change): NodeSpec {
  if (change.type === 'ping' || change.from !== 0 || change.node !== spec.name) return spec;
  if (change.type === 'nat' && spec.type === 'NAT') return { ...spec, nat: change.nat };
  if (change.type === 'metric' && spec.type === 'relay') return { ...spec, metric: change.metric };
  if (change.type === 'link') {
    const { isUp: _, ...link } = change.to;
    return { ...spec, link: { ...spec.link, ...link } };
  }
  return spec;
}

function stepsOf(change: Change, chapter: number): Step[] {
  if (change.type === 'ping' || change.from !== chapter) return [];
  if (change.type === 'withdraw') return [{ do: 'withdraw', relay: change.node }];
  if (change.type === 'link') {
    const { isUp } = change.to;
    if (chapter > 0) return [{ do: 'change link', node: change.node, to: change.to }];
    return isUp === undefined ? [] : [{ do: 'change link', node: change.node, to: { isUp } }];
  }
  if (chapter === 0) return [];
  if (change.type === 'nat') return [{ do: 'change NAT', nat: change.node, to: change.nat }];
  return [{ do: 'announce', relay: change.node, metric: change.metric }];
}

function checkChange(item: unknown, scenario: Scenario): Change | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { type, from, node, nat, to, metric } = item as Readonly<Record<string, unknown>>;
  const spec = scenario.nodes.find(({ name }) => name === node);
  if (spec === undefined) return undefined;
  if (type === 'ping') {
    const target = scenario.nodes.find(({ name }) => name === to);
    return target === undefined || target === spec || !canPing(spec) || !canPing(target)
      ? undefined
      : { type, node: spec.name, to: target.name };
  }
  if (!isWhole(from, 0, scenario.chapters.length - 1)) return undefined;
  if (type === 'nat' && spec.type === 'NAT') {
    const name = natNames.find((known) => known === nat);
    return name === undefined ? undefined : { type, from, node: spec.name, nat: name };
  }
  if (type === 'metric' && spec.type === 'relay' && isWhole(metric, 0, 1_000)) {
    return { type, from, node: spec.name, metric };
  }
  if (type === 'withdraw' && spec.type === 'relay') return { type, from, node: spec.name };
  const link = type === 'link' ? checkLink(to) : undefined;
  return link === undefined ? undefined : { type: 'link', from, node: spec.name, to: link };
}

function checkLink(value: unknown): LinkChange | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { isUp, loss, delayMs } = value as Readonly<Record<string, unknown>>;
  const link = {
    ...(typeof isUp === 'boolean' ? { isUp } : {}),
    ...(typeof loss === 'number' && loss >= 0 && loss <= 1 ? { loss } : {}),
    ...(isWhole(delayMs, 0, 10_000) ? { delayMs } : {}),
  };
  return Object.keys(link).length === 0 ? undefined : link;
}

/** Whether a node has an IPv6 address, or may have one once it is qualified. */
export function canPing(spec: { readonly type: NodeSpec['type'] }): boolean {
  return ['client', 'IPv6-only host', 'dual-stack host'].includes(spec.type);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
