import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MappingRecord, StateFile, stateFolder } from '../../../src/io/mapping/state-file.ts';

const RECORD: MappingRecord = { protocol: 'UPnP', gateway: '192.168.1.1', localPort: 40001, nonce: '07'.repeat(12) };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('RFC 6081 §5.3.1: what persists of a mapping', () => {
  test('is read as it was written, by its name only, until it is cleared', () => {
    const file = new StateFile(join(folder, 'deep/er'), 'teredo');
    expect(file.read()).toBeUndefined();
    file.write(RECORD);
    expect(file.read()).toEqual(RECORD);
    expect(new StateFile(join(folder, 'deep/er'), 'teredo1').read()).toBeUndefined();
    expect(readdirSync(join(folder, 'deep/er'))).toEqual(['port-mapping-teredo.json']);
    expect(statSync(join(folder, 'deep/er/port-mapping-teredo.json')).mode & 0o777).toBe(0o600);
    file.clear();
    expect(file.read()).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['half of it', '{"protocol":"UPnP","gate'],
    ['null', 'null'],
    ['another protocol', JSON.stringify({ ...RECORD, protocol: 'SMTP' })],
    ['a port that is none', JSON.stringify({ ...RECORD, localPort: 0 })],
    ['a nonce that is none', JSON.stringify({ ...RECORD, nonce: 'x' })],
    ['no gateway', JSON.stringify({ ...RECORD, gateway: undefined })],
  ])('is not believed when the file holds %s', (_, text) => {
    writeFileSync(join(folder, 'port-mapping-teredo.json'), text);
    expect(new StateFile(folder, 'teredo').read()).toBeUndefined();
  });

  test('is done without where nothing can be written', () => {
    const file = new StateFile('/dev/null/nowhere', 'teredo');
    file.write(RECORD);
    file.clear();
    expect(file.read()).toBeUndefined();
  });

  test('lies where the system wants it', () => {
    expect(stateFolder({ STATE_DIRECTORY: '/var/lib/private/teredo:/x' }, true)).toBe('/var/lib/private/teredo');
    expect(stateFolder({ XDG_STATE_HOME: '/home/a/state' }, true)).toBe('/home/a/state/teredo');
    expect(stateFolder({ XDG_STATE_HOME: 'relative' }, true)).toBe('/var/lib/teredo');
    expect(stateFolder({}, true)).toBe('/var/lib/teredo');
    expect(stateFolder({}, false)).toMatch(/\.local\/state\/teredo$/);
  });
});
