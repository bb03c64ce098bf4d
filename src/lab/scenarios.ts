import type { Scenario } from './scenario.ts';
import { loops, spoofedAdvertisement } from './scenarios/forgeries.ts';
import { lossyLink } from './scenarios/lossy-link.ts';
import { natPairByName } from './scenarios/nat-pair.ts';
import { natPairs } from './scenarios/nat-pairs.ts';
import { natTypes } from './scenarios/nat-types.ts';
import { relayWithdrawal } from './scenarios/relay-withdrawal.ts';
import { relayFailure, twoRelays } from './scenarios/two-relays.ts';
import { walkthrough } from './scenarios/walkthrough.ts';

/** Every scenario but the pairs of NATs, in the order of the list. */
export const scenarios: readonly Scenario[] = [
  walkthrough,
  natTypes,
  natPairs,
  twoRelays,
  relayWithdrawal,
  relayFailure,
  loops,
  spoofedAdvertisement,
  lossyLink,
];

/** A scenario by its name, or two NATs by theirs: "cone-to-symmetric". Undefined: there is no such scenario. */
export function scenarioByName(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name) ?? natPairByName(name);
}
