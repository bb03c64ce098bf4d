import { TeredoError } from '../../errors.ts';
import { holderOfInterface, howToStop, wordsForHolder } from './holder.ts';
import { ask } from './ip.ts';

/** Marks our routes among others, so that what an earlier process left behind is known ("ip -6 route show protocol 35"). */
export const ROUTE_PROTOCOL = 35;
/** What the kernel takes where nobody gives a metric. */
const USUAL_METRIC = 1024;

export interface Route {
  /** "default" or a prefix. */
  readonly destination: string;
  readonly metric: number;
}

/** What `ip -json` tells of a route; more than this is there. */
export interface RouteRow {
  readonly dst: string;
  readonly dev?: string;
  readonly nexthops?: readonly { readonly dev?: string }[];
  readonly metric?: number;
  readonly protocol?: string;
}

/** Destination and metric, which together are one route's to the kernel, as `ip` writes them. */
export function keyOf({ dst, metric }: RouteRow): string {
  return `${dst} metric ${metric ?? USUAL_METRIC}`;
}

/**
 * Makes sure that no other interface has a route that `name` is to have: the kernel takes only one.
 *
 * Errors: TeredoError that says which route it is, who has it, and how to look at it.
 */
export async function refuseTaken(route: Route, name: string): Promise<void> {
  const rows = await ask<RouteRow>('-6', 'route', 'show', route.destination);
  const key = `${route.destination} metric ${route.metric}`;
  const taken = rows.find((row) => keyOf(row) === key && deviceOf(row) !== name);
  if (taken === undefined) return;
  const device = deviceOf(taken) ?? 'nowhere';
  const holder = holderOfInterface(device);
  const whose =
    taken.protocol === String(ROUTE_PROTOCOL)
      ? `, where ${holder === undefined ? 'another teredo' : wordsForHolder(holder)} put it`
      : '';
  throw new TeredoError(
    'TD-ROUTE-TAKEN',
    `the route ${key}, which ${name} needs, leads into ${device} already${whose}`,
    `${holder === undefined ? 'stop the program that has it' : howToStop(holder)}, or take it away ("ip -6 route delete ${key} dev ${device}")`,
  );
}

function deviceOf({ dev, nexthops }: RouteRow): string | undefined {
  return dev ?? nexthops?.[0]?.dev;
}
