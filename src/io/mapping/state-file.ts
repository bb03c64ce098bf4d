import { readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeWhole } from '../whole-file.ts';
import type { Protocol } from './mapping.ts';

/** A mapping that was asked for, as much as is needed to remove it. */
export interface MappingRecord {
  readonly protocol: Protocol;
  readonly gateway: string;
  readonly localPort: number;
  /** 12 octets in hex. */
  readonly nonce: string;
}

const PROTOCOLS: readonly string[] = ['PCP', 'NAT-PMP', 'UPnP'] satisfies Protocol[];

/**
 * What remembers a mapping over the death of its process (RFC 6081 §5.3.1, "persisted UPnP-mapped port").
 *
 * Errors: none; where nothing can be written, a mapping may outlive a crash until its lease ends. What is read is
 *         checked as if it were foreign.
 */
export class StateFile {
  readonly #path: string;

  /** One file for each `name`: clients that share a folder must not share a mapping. */
  constructor(folder: string, name: string) {
    this.#path = join(folder, `port-mapping-${name}.json`);
  }

  read(): MappingRecord | undefined {
    try {
      const value = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<MappingRecord>;
      const { protocol, gateway, localPort, nonce } = value;
      const isRecord =
        PROTOCOLS.includes(protocol as string) &&
        typeof gateway === 'string' &&
        Number.isInteger(localPort) &&
        localPort! > 0 &&
        localPort! < 65_536 &&
        typeof nonce === 'string' &&
        /^[0-9a-f]{24}$/.test(nonce);
      return isRecord ? (value as MappingRecord) : undefined;
    } catch {
      return undefined;
    }
  }

  write(record: MappingRecord): void {
    try {
      writeWhole(this.#path, `${JSON.stringify(record)}\n`);
    } catch {
      // A read-only system.
    }
  }

  clear(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // Likewise.
    }
  }
}

/** A process that was root may have become another user since. */
const STARTED_AS_ROOT = process.getuid?.() === 0;

/** Where a daemon keeps what must outlive it: systemd's choice, the system's place for root, else the user's. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env, isRoot = STARTED_AS_ROOT): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = environment;
  if (STATE_DIRECTORY !== undefined && STATE_DIRECTORY !== '') return STATE_DIRECTORY.split(':')[0]!;
  if (XDG_STATE_HOME?.startsWith('/')) return join(XDG_STATE_HOME, 'teredo');
  return isRoot ? '/var/lib/teredo' : join(homedir(), '.local/state/teredo');
}
