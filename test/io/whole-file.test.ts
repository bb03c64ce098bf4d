import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StateFile } from '../../src/io/mapping/state-file.ts';
import { writeWhole } from '../../src/io/whole-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-whole-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file is replaced as a whole, for the owner alone, and nothing lies beside it', () => {
  const path = join(folder, 'deep/er/file');
  writeWhole(path, 'one');
  writeWhole(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'deep/er'))).toEqual(['file']);
});

test('a link that lies in wait is not followed: the folder may be of a user with less rights', () => {
  const other = join(folder, 'other');
  writeFileSync(other, 'for root alone');
  for (const name of ['port-mapping-teredo.json.new', `port-mapping-teredo.json.${process.pid}`]) {
    symlinkSync(other, join(folder, name));
  }
  symlinkSync(other, join(folder, 'port-mapping-teredo.json'));
  const file = new StateFile(folder, 'teredo');
  file.write({ protocol: 'PCP', gateway: '192.168.1.1', localPort: 40_001, nonce: '07'.repeat(12) });
  expect(readFileSync(other, 'utf8')).toBe('for root alone');
  expect(file.read()?.protocol).toBe('PCP');
});
