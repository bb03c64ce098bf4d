import { readFileSync } from 'node:fs';
import type { TunnelState } from './tunnel-state.ts';

/** What every Teredo client has (ledger CLI-33). */
const LINK_LOCAL = 'fe80::ffff:ffff:ffff';

/**
 * The environment of Miredo's client hook, as Miredo 1.2.6 gives it: the new values where there are any, the old ones
 * with OLD_ before them, STATE "destroy" when the program ends.
 *
 * Shape:  undefined: Miredo would not call its hook for this. What was down has no old values.
 */
export function clientHookEnvironment(
  interfaceName: string,
  index: number,
  was: TunnelState,
  is: TunnelState,
): Record<string, string> | undefined {
  const isSame = was.state === 'up' && is.state === 'up' && was.address === is.address && was.mtu === is.mtu;
  if (isSame || (was.state === is.state && is.state !== 'up')) return undefined;
  const variables: Record<string, string> = {
    STATE: is.state === 'gone' ? 'destroy' : is.state,
    OLD_STATE: was.state === 'up' ? 'up' : 'down',
    IFACE: interfaceName,
    IFINDEX: String(index),
  };
  if (is.state === 'up') addValues('', is);
  if (was.state === 'up') addValues('OLD_', was);
  return variables;

  function addValues(prefix: string, { address = '', mtu }: Extract<TunnelState, { state: 'up' }>): void {
    variables[`${prefix}ADDRESS`] = address;
    variables[`${prefix}LLADDRESS`] = LINK_LOCAL;
    variables[`${prefix}MTU`] = String(mtu);
  }
}

/** The kernel's number of an interface; 0 once it is gone. */
export function interfaceIndex(name: string): number {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));
  } catch {
    return 0;
  }
}
