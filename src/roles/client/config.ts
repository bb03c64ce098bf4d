import { IDLE_MS, MTU, REFRESH_INTERVAL_MS } from '../constants.ts';
import { type ContactLimits, contactLimits } from '../contacts.ts';
import type { Remembered } from '../role.ts';
import { allExtensions, type ExtensionSwitches } from './extensions/extensions.ts';
import type { Security } from './secure-qualification.ts';
import type { ServerAddress } from './servers.ts';

export interface ClientConfig extends ContactLimits {
  /** Bounded by `SERVERS_MAX`; without any the client waits for `setServers`. */
  readonly servers: readonly ServerAddress[];
  readonly refreshIntervalMs: number;
  /** From before the last start; undefined: nothing. */
  readonly remembered?: Remembered;
  /** Secure qualification (RFC 4380 §5.2.2; ledger CLI-02); undefined: unsecured. */
  readonly security?: Security;
  /** RFC 4380 §5.2.8. */
  readonly localDiscovery: boolean;
  /** RFC 4380 §5.2.7. */
  readonly findRefreshInterval: boolean;
  /** Find out how the NAT filters, over a second socket, once qualified. */
  readonly identifyNat: boolean;
  /** Dormant until a packet wants to leave, and again after `idleMs` without any. */
  readonly onDemand: boolean;
  readonly idleMs: number;
  /** RFC 6081, each section by itself. */
  readonly extensions: ExtensionSwitches;
  /** Link MTU when the server tells none, and the most that is taken from it, in octets. */
  readonly mtu: number;
}

/** Everything but the servers. */
export const clientDefaults = {
  ...contactLimits,
  refreshIntervalMs: REFRESH_INTERVAL_MS,
  localDiscovery: true,
  findRefreshInterval: false,
  identifyNat: true,
  onDemand: false,
  idleMs: IDLE_MS,
  extensions: allExtensions,
  mtu: MTU,
} satisfies Omit<ClientConfig, 'servers'>;
