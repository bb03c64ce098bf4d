import type { ConfigurationJson } from '../configuration/configuration-json.ts';
import type { PeerPage } from '../peer-page.ts';
import type { CounterStatus, Status } from '../status/status.ts';
import type { Echo } from '../tap/injection.ts';
import type { TapOptions } from '../tap/tap-options.ts';
import type { BugReport } from './bug-report.ts';
import type { Changes, Wanted } from './changes.ts';
import type { EventFeed } from './event-feed.ts';

/** A process as the control routes see it: what can be asked of it, and what it can be told. */
export interface Controlled {
  readonly events: EventFeed;
  status(): Promise<Status>;
  /** What each role has counted so far; asks nobody, so it may be asked often. */
  counters(): readonly CounterStatus[];
  /** The configuration that holds. */
  configuration(): ConfigurationJson;
  /** The Teredo address; undefined while there is none. */
  address(): string | undefined;
  /** Errors: TeredoError when the data path does not answer. Undefined: there is no such role, or it keeps no peers. */
  peers(role: number, from: number, max: number): Promise<PeerPage | undefined>;
  /** Whether the thread that carries packets answers. */
  ping(): Promise<boolean>;
  /** Errors: TeredoError when the role has no such setting. `restart`: the role begins anew for it. */
  set(wanted: Wanted): Promise<{ readonly changes: Changes; readonly applied: 'live' | 'restart' }>;
  /** Forgets everything and begins again. */
  reset(): Promise<void>;
  /** Begins nothing new from now on, and ends the process in so many seconds. Errors: TD-DRAIN-CLIENT. */
  drain(seconds: number): Promise<void>;
  bugReport(): Promise<BugReport>;
  /** What passes from now on, as records (`tap/record.ts`); secrets are hidden unless told. Errors: TD-CAPTURE... */
  capture(options: TapOptions, showsSecrets: boolean, gone: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Sends an echo request in the name of the client, or of the relay; gives its source, 16 octets.
   *
   * Errors: TD-PING-...: there is nobody who could send it.
   */
  echo(echo: Echo): Promise<Uint8Array>;
}
