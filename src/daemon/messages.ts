import type { Checksum } from '../io/linux/checksum.ts';
import type { Offloads } from '../io/linux/offloads.ts';
import type { LocalNetwork } from '../roles/local-networks.ts';
import type { Endpoint, OfflineReason, Remembered, RoleEvent, ServerAddress } from '../roles/role.ts';
import type { DaemonConfiguration } from './configuration/configuration.ts';
import type { Answers, Question } from './questions.ts';

/** What the main thread and the data-path thread say to each other. */

/** The host as roles need to know it. */
export interface HostView {
  readonly localNetworks: readonly LocalNetwork[];
  /** 16 octets each: global IPv6 addresses other than Teredo's. */
  readonly ownAddresses: readonly Uint8Array[];
}

export interface DataPathInput {
  readonly configuration: DaemonConfiguration;
  /** By role: it runs when it is told so, not at once. */
  readonly waits: readonly boolean[];
  readonly host: HostView;
  /** One block of doubles for each role: drops first, then cases, then the ports' counters; see `counters.ts`. */
  readonly counters: SharedArrayBuffer;
  /** By role. */
  readonly remembered: readonly (Remembered | undefined)[];
  /** The process is about to become another user; the thread keeps its rights until it is told to limit them. */
  readonly changesUser: boolean;
}

export type ToDataPath =
  | { readonly type: 'host'; readonly host: HostView }
  /** The answer to a role's event of this name; undefined: there is none, or it has ended. */
  | { readonly type: 'port-mapping'; readonly role: number; readonly mapping: Endpoint | undefined }
  | { readonly type: 'question'; readonly id: number; readonly question: Question }
  /** Whether a role that `waits` may run now, or may run on; why not, if not. */
  | { readonly type: 'allow'; readonly role: number; readonly reason: OfflineReason | undefined }
  /** The servers a client may use from now on; none: their names could not be resolved. */
  | { readonly type: 'servers'; readonly role: number; readonly servers: readonly ServerAddress[] }
  /** Keep these capabilities only, one bit for each. */
  | { readonly type: 'limit-rights'; readonly rights: bigint }
  /** The roles that run, with other values; what cannot change while they run stays. */
  | { readonly type: 'configuration'; readonly configuration: DaemonConfiguration }
  | { readonly type: 'stop' };

export type FromDataPath =
  /** Ports are open. `wake`: a descriptor to write to after each message. */
  | {
      readonly type: 'ready';
      readonly wake: number;
      readonly localPorts: readonly number[];
      /** By role: what is in use. */
      readonly offloads: readonly Offloads[];
      readonly checksums: Checksum['by'];
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly next: string }
  | { readonly type: 'event'; readonly role: number; readonly event: RoleEvent; readonly now: number }
  | { readonly type: 'warning'; readonly code: string; readonly message: string; readonly next: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answers[Question['type']] }
  | { readonly type: 'rights-limited' }
  | { readonly type: 'addresses-changed' }
  | { readonly type: 'stopped' };
