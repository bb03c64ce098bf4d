import type { PeerPage } from '../peer-page.ts';
import type { Status } from '../status/status.ts';

/** A process as the control routes see it: what can be asked of it, and what it can be told. */
export interface Controlled {
  status(): Promise<Status>;
  /** The Teredo address; undefined while there is none. */
  address(): string | undefined;
  /** Errors: TeredoError when the data path does not answer. Undefined: there is no such role, or it keeps no peers. */
  peers(role: number, from: number, max: number): Promise<PeerPage | undefined>;
  /** Whether the thread that carries packets answers. */
  ping(): Promise<boolean>;
}
