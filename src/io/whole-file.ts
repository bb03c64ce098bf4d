import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a small file of ours, whole or not at all, whenever the process dies; for the owner's eyes only.
 *
 * The folder may belong to the user that root becomes, and root may write there again: a link that lies in wait for us
 * is taken away, not followed.
 *
 * Errors: those of the file system.
 */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' });
  renameSync(fresh, path);
}
