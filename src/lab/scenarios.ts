import type { Scenario } from './scenario.ts';
import { loops, spoofedAdvertisement } from './scenarios/forgeries.ts';
import { lossyLink } from './scenarios/lossy-link.ts';
import { natPairs } from './scenarios/nat-pairs.ts';
import { natTypes } from './scenarios/nat-types.ts';
import { relayWithdrawal } from './scenarios/relay-withdrawal.ts';
import { walkthrough } from './scenarios/walkthrough.ts';

/** Every scenario, in the order of the list. */
export const scenarios: readonly Scenario[] = [
  walkthrough,
  natTypes,
  natPairs,
  relayWithdrawal,
  loops,
  spoofedAdvertisement,
  lossyLink,
];

/** Undefined: there is no such scenario. */
export function scenarioByName(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
