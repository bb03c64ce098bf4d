import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSecret } from '../../../src/daemon/configuration/secret-file.ts';
import { describeWith } from '../../support/capabilities.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-secret-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

describeWith(['root'], 'A secret for the eyes of root', () => {
  test('a file for the eyes of root alone: read once, it still holds for who has given up its rights, until it changes', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 's3cret\n', { mode: 0o600 });
    const first = readSecret(path);
    expect(first).toHaveProperty('secret');
    asNobody(() => expect(readSecret(path)).toEqual(first));
    utimesSync(path, 1, 1);
    asNobody(() => expect(readSecret(path)).toMatchObject({ fix: expect.stringContaining('chmod 640') }));
  });
});

function asNobody(look: () => void): void {
  process.seteuid!(65_534);
  try {
    look();
  } finally {
    process.seteuid!(0);
  }
}
