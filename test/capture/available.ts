import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** With TEREDO_REQUIRE_ALL=1 whatever is missing fails instead of being skipped. */
const isAllRequired = process.env.TEREDO_REQUIRE_ALL === '1';

/** Public captures lie beside the repository, for they are not ours to publish. */
export const CAPTURES = new URL('../../../shared/captures/', import.meta.url);

/** Whether the captures are there; says aloud, once, when they are not. */
export function haveCaptures(): boolean {
  return have(existsSync(CAPTURES), `public captures: ${CAPTURES.pathname} is missing`);
}

export function haveTshark(): boolean {
  let version = '';
  try {
    version = execFileSync('tshark', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    // Not installed: told below.
  }
  return have(version !== '', 'tshark: not installed');
}

function have(isThere: boolean, what: string): boolean {
  if (!isThere && isAllRequired) throw new Error(`TEREDO_REQUIRE_ALL=1, but ${what}`);
  if (!isThere) process.stderr.write(`SKIPPED: tests that need ${what}\n`);
  return isThere;
}
